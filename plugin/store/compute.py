"""From a view to scores in its fields, recorded as a FiftyOne run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..metrics import metric_info
from .config import datasets_dir
from .fields import REF_FIELD, ScoreFields, declare_score_fields
from .items import DISTORTED_SLICE, REFERENCE_SLICE, PairSource
from .writer import ScoreWriter

if TYPE_CHECKING:
    from ..scoring import Scorer

RUN_METHOD: Final = "image_quality"
_FLUSH_ITEMS: Final = 1000
_FLUSH_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Progress:
    """How far a computation is: samples done, of how many, and how many of the done failed."""

    done: int
    total: int
    failed: int


@dataclass(frozen=True)
class Summary:
    """What a computation did.

    Attributes:
        metric: name of the metric
        field: field that holds the scores
        run_key: key of the FiftyOne run that records the settings
        scored: samples that now have a score
        failed: samples that have a reason instead
        skipped: samples that were left alone because they had a score
        errors: the reasons and how many samples have each, most frequent first
        warnings: what to know before trusting the scores
    """

    metric: str
    field: str
    run_key: str
    scored: int
    failed: int
    skipped: int
    errors: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The summary, ready for JSON."""
        return asdict(self)


class FullReferenceJob:
    """Scores the pairs of a view and writes the scores to its samples.

    Iterating does the work: it yields a ``Progress`` about once a second, each time after writing what has
    been computed, so a job that is stopped or killed keeps its scores. The run is registered at the start
    with status "running" and ends "completed" or "interrupted".

    Args:
        samples: dataset or view, flat or grouped
        metric: name of a full-reference metric
        source: where the pairs are
        only_missing: leave samples alone that have a score
        error_maps: write error maps too
        map_dir: folder for the error maps; by default in the dataset's own folder
        scorer: an engine to use in place of a new one, with ``metric`` among its metrics
        scorer_settings: what ``Scorer`` takes, such as ``device``, ``weights`` and ``batch_size``

    Raises:
        UsageError: the metric, the view or the settings are wrong
        WeightsError: the metric's weights cannot be had
    """

    def __init__(
        self,
        samples: SampleCollection,
        metric: str = "deepmse",
        *,
        source: PairSource | None = None,
        only_missing: bool = False,
        error_maps: bool = True,
        map_dir: str | Path | None = None,
        scorer: Scorer | None = None,
        **scorer_settings: Any,
    ) -> None:
        self._metric = metric_info(metric)
        if self._metric.kind != "FR":
            raise UsageError(f"{self._metric.title} takes no reference")
        self._source = source or PairSource()
        self._source.check(samples)
        self._samples = samples
        self._dataset = samples._root_dataset
        self._only_missing = only_missing
        fields = ScoreFields.of(self._metric)
        self._map_dir = None
        if error_maps:
            self._map_dir = Path(map_dir) if map_dir else default_map_dir(self._dataset, fields.map)
        if scorer is None:
            # Here and not at the top: this imports torch.
            from ..scoring import Scorer

            scorer = Scorer([self._metric.name], error_maps=error_maps, **scorer_settings)
        self._scorer = scorer
        self._summary: Summary | None = None

    @property
    def summary(self) -> Summary:
        """What was done; there is one once the iteration has ended."""
        if self._summary is None:
            raise RuntimeError("the computation has not ended")
        return self._summary

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        from ..scoring import Item

        fields = declare_score_fields(self._dataset, self._metric, error_maps=self._map_dir is not None)
        distorted = self._source.distorted(self._samples)
        pairs = list(self._source.read(self._samples))
        total = len(pairs)
        if self._only_missing:
            missing = set(distorted.exists(fields.score, False).values("id"))
            pairs = [pair for pair in pairs if pair[0] in missing]
        skipped = total - len(pairs)
        writer = ScoreWriter(
            self._dataset,
            self._metric,
            fields,
            map_dir=self._map_dir,
            stale=distorted.exists(fields.error).values("id"),
        )
        run = _Run(self._samples, self._metric.field, self._settings())
        status = "interrupted"
        try:
            yield Progress(0, len(pairs), 0)
            flushed = time.monotonic()
            for score in self._scorer.run(Item(*pair) for pair in pairs):
                writer.add(score)
                if len(writer) >= _FLUSH_ITEMS or time.monotonic() - flushed >= _FLUSH_SECONDS:
                    writer.flush()
                    flushed = time.monotonic()
                    yield Progress(writer.scored + writer.failed, len(pairs), writer.failed)
            status = "completed"
        finally:
            writer.flush()
            self._summary = Summary(
                metric=self._metric.name,
                field=fields.score,
                run_key=run.key,
                scored=writer.scored,
                failed=writer.failed,
                skipped=skipped,
                errors=tuple(writer.errors.most_common()),
                warnings=self._scorer.warnings,
            )
            run.finish(status, self._summary)
        yield Progress(len(pairs), len(pairs), writer.failed)

    def _settings(self) -> dict[str, Any]:
        return {
            "metric": self._metric.name,
            "source": self._source.describe(self._samples),
            "only_missing": self._only_missing,
            "map_dir": self._map_dir and str(self._map_dir),
            "engine": self._scorer.describe(),
        }


def compute_full_reference(
    samples: SampleCollection,
    metric: str = "deepmse",
    *,
    ref_field: str = REF_FIELD,
    ref_slice: str = REFERENCE_SLICE,
    dist_slice: str = DISTORTED_SLICE,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Summary:
    """Score the pairs of a view to the end.

    Args:
        samples: dataset or view, flat or grouped
        metric: name of a full-reference metric
        ref_field: field with the references' paths, in a flat dataset
        ref_slice: slice with the references, in a grouped dataset
        dist_slice: slice with the distorted images, in a grouped dataset
        progress: called about once a second
        settings: what ``FullReferenceJob`` takes

    Raises:
        UsageError: the metric, the view or the settings are wrong
        WeightsError: the metric's weights cannot be had
    """
    job = FullReferenceJob(samples, metric, source=PairSource(ref_field, ref_slice, dist_slice), **settings)
    for state in job:
        if progress is not None:
            progress(state)
    return job.summary


def default_map_dir(dataset: fo.Dataset, field: str) -> Path:
    """Where the error maps of ``field`` are written unless told otherwise."""
    return datasets_dir() / str(dataset.name) / field


class _Run:
    """The FiftyOne run that records one computation."""

    def __init__(self, samples: SampleCollection, name: str, settings: dict[str, Any]) -> None:
        dataset = samples._root_dataset
        taken = set(dataset.list_runs())
        self.key = next(key for n in range(1, len(taken) + 2) if (key := f"{name}_{n}") not in taken)
        self._dataset = dataset
        self._config = dataset.init_run(method=RUN_METHOD, status="running", started=_now(), **settings)
        samples.register_run(self.key, self._config)

    def finish(self, status: str, summary: Summary) -> None:
        self._config.status = status
        self._config.finished = _now()
        self._config.counts = {"scored": summary.scored, "failed": summary.failed, "skipped": summary.skipped}
        # A list: reasons may contain dots, which keys of MongoDB documents may not.
        self._config.errors = [{"reason": reason, "count": count} for reason, count in summary.errors]
        self._dataset.update_run_config(self.key, self._config)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
