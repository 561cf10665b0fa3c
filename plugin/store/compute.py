"""From a view to scores in its fields, recorded as a FiftyOne run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from ..engine.engines import LOCAL
from ..errors import UsageError
from ..metrics import MetricInfo, distinct, metric_info
from . import pace
from .config import dataset_dir
from .fields import REF_FIELD, ScoreFields, check_score_fields, declare_score_fields
from .items import DISTORTED_SLICE, REFERENCE_SLICE, ImageSource, PairSource, Source
from .learnt import mark_learnt
from .pending import PendingSamples
from .presentation import paint_map, to_sidebar
from .runs import Outcome, Run
from .sink import Sink, Summary
from .writer import ScoreWriter

if TYPE_CHECKING:
    from ..engine.engines import Engine

_FLUSH_ITEMS: Final = 1000
_FLUSH_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Progress:
    """How far a computation is.

    Attributes:
        done: samples or epochs that are done
        total: of how many
        failed: of the done
        unit: what they are
        note: what to add
        reused: features that had been kept, and cost no time
    """

    done: int
    total: int
    failed: int
    unit: str = "images"
    note: str = ""
    reused: int = 0


class ScoringJob:
    """Scores the images of a view and writes the scores to its samples.

    Iterating does the work: it yields a ``Progress`` about once a second, each time after writing what has
    been computed, so a job that is stopped or killed keeps its scores. Each metric is registered as a run at the
    start with status "running" and ends "completed", "interrupted" or, with the reason, "failed". Each image is
    decoded once for all metrics.

    Args:
        samples: dataset or view, flat or grouped
        metrics: names of metrics, all full-reference or all no-reference
        source: where the images are; by default where the metrics' kind has them
        only_missing: leave samples alone that have a score
        error_maps: write error maps too, of metrics that have them
        map_dir: folder for the error maps; by default in the dataset's own folder
        scorer: an engine to use in place of a new one, with ``metrics`` among its metrics
        scorer_settings: what ``make_engine`` takes, such as ``engine``, ``device``, ``weights`` and ``batch_size``

    Raises:
        UsageError: the metrics, the view or the settings are wrong
        WeightsError: a metric's weights cannot be had
    """

    def __init__(
        self,
        samples: SampleCollection,
        metrics: Sequence[str],
        *,
        source: Source | None = None,
        only_missing: bool = False,
        error_maps: bool = True,
        map_dir: str | Path | None = None,
        scorer: Engine | None = None,
        **scorer_settings: Any,
    ) -> None:
        infos = {name: metric_info(name) for name in distinct(metrics)}
        if len({info.kind for info in infos.values()}) > 1:
            raise UsageError("full-reference and no-reference metrics read different things: compute them apart")
        if source is None:
            source = PairSource() if any(info.kind == "FR" for info in infos.values()) else ImageSource()
        source.check(samples)
        self._source = source
        self._samples = samples
        self._dataset = samples._root_dataset
        self._only_missing = only_missing
        self._device = scorer_settings.get("device", "auto")
        for info in infos.values():
            check_score_fields(self._dataset, info, error_maps=error_maps and info.has_error_map)
        self._is_timed = scorer is None and scorer_settings.get("engine", LOCAL) == LOCAL
        if scorer is None:
            # Here and not at the top: this imports torch.
            from ..engine.engines import make_engine

            error_maps = error_maps and any(info.has_error_map for info in infos.values())
            scorer = make_engine(list(infos), error_maps=error_maps, **scorer_settings)
            for metric in scorer.metrics.values():
                metric.keep_features()
        self._scorer = scorer
        self._metrics = list(infos.values())
        self._models = {info.field: name for name, info in infos.items()}
        self._error_maps = error_maps
        self._map_dir = map_dir
        self._summaries: tuple[Summary, ...] | None = None

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What was done, for each metric; there are some once the iteration has ended."""
        if self._summaries is None:
            raise RuntimeError("the computation has not ended")
        return self._summaries

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        for metric in self._metrics:  # All, before the first of them is written to.
            self._check(metric)
        samples = PendingSamples(self._source, self._samples, self._metrics, only_missing=self._only_missing)
        total = samples.to_score
        done, failed, began = 0, 0, time.monotonic()
        with ExitStack() as stack:
            sinks = [
                stack.enter_context(self._sink(metric, samples.total, samples.wanted[place]))
                for place, metric in enumerate(self._metrics)
            ]
            stack.callback(self._summarise, sinks)
            yield Progress(0, total, 0)
            flushed = time.monotonic()
            for wanted, stale, score in samples.scored_by(self._scorer):
                for sink, is_wanted, is_stale in zip(sinks, wanted, stale, strict=True):
                    if is_wanted:
                        sink.writer.add(score, stale=is_stale)
                done += 1
                failed += bool(score.errors)
                pending = max(len(sink.writer) for sink in sinks)
                if pending >= _FLUSH_ITEMS or time.monotonic() - flushed >= _FLUSH_SECONDS:
                    for sink in sinks:
                        sink.writer.flush()
                    flushed = time.monotonic()
                    yield Progress(done, total, failed)
            if self._is_timed and not any(metric.reused for metric in self._scorer.metrics.values()):
                work = [*(metric.name for metric in self._metrics), self._device]
                pace.record(work, time.monotonic() - began, done)
            for place, sink in enumerate(sinks):
                images = partial(samples.pages, place)
                sink.learnt = mark_learnt(self._dataset, sink.metric, self._models[sink.metric.field], images)
        yield Progress(done, total, failed)

    def _check(self, metric: MetricInfo) -> None:
        """UsageError where a metric's fields or the folder of its error maps cannot be written."""
        error_maps = self._error_maps and metric.has_error_map
        check_score_fields(self._dataset, metric, error_maps=error_maps)
        if map_dir := self._maps(metric):
            try:
                map_dir.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{map_dir}: the folder for error maps cannot be made ({error.strerror})") from error

    def _maps(self, metric: MetricInfo) -> Path | None:
        """The folder for a metric's error maps, if they are written."""
        if not (self._error_maps and metric.has_error_map):
            return None
        return Path(self._map_dir) if self._map_dir else default_map_dir(self._dataset, ScoreFields.of(metric).map)

    @contextmanager
    def _sink(self, metric: MetricInfo, total: int, wanted: int) -> Iterator[Sink]:
        """Declare a metric's fields, and record what is written to so many of the samples as a run."""
        known = self._dataset.get_field_schema()
        map_dir = self._maps(metric)
        fields = declare_score_fields(self._dataset, metric, error_maps=map_dir is not None)
        shown = (fields.score, fields.grade, fields.std, fields.domain)
        to_sidebar(self._dataset, [name for name in shown if name not in known], new=True)
        # The App sorts by indexed fields alone, and forgets the order where it filters by one without an index.
        self._dataset.create_index(fields.score)
        for word, is_written in ((fields.grade, bool(metric.grades)), (fields.domain, metric.has_domain)):
            if is_written:
                self._dataset.create_index(word)
        if map_dir is not None:
            paint_map(self._dataset, fields.map)
        writer = ScoreWriter(self._dataset, metric, fields, map_dir=map_dir)
        settings = {
            "metric": metric.name,
            "source": self._source.describe(self._samples),
            "only_missing": self._only_missing,
            "map_dir": map_dir and str(map_dir),
            "engine": self._scorer.describe(),
        }

        def outcome() -> Outcome:
            counts = {"scored": writer.scored, "failed": writer.failed, "skipped": total - wanted}
            return Outcome(counts, writer.errors.most_common())

        with Run(self._samples, metric.field, settings, outcome) as run:
            try:
                yield Sink(metric, fields.score, writer, run, wanted, total)
            finally:
                writer.close()

    def _summarise(self, sinks: Sequence[Sink]) -> None:
        for sink in sinks:
            sink.writer.flush()
        self._summaries = tuple(sink.summary(self._scorer.warnings) for sink in sinks)


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
        settings: what ``ScoringJob`` takes

    Raises:
        UsageError: the metric, the view or the settings are wrong
        WeightsError: the metric's weights cannot be had
    """
    source = PairSource(ref_field, ref_slice, dist_slice)
    [summary] = _run(ScoringJob(samples, [metric], source=source, **settings), progress)
    return summary


def compute_no_reference(
    samples: SampleCollection,
    metric: str = "nr",
    *,
    slice_name: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Summary:
    """Score the images of a view by themselves, to the end.

    Args:
        samples: dataset or view, flat or grouped
        metric: name of a no-reference metric, or path of a trained model
        slice_name: slice to score, of a grouped dataset; by default all of its images
        progress: called about once a second
        settings: what ``ScoringJob`` takes

    Raises:
        UsageError: the metric, the view or the settings are wrong
        WeightsError: the metric's weights cannot be had
    """
    [summary] = _run(ScoringJob(samples, [metric], source=ImageSource(slice_name), **settings), progress)
    return summary


def scoring_time(metrics: Sequence[str], device: str | None, images: int) -> str | None:
    """How long it takes here to score images, in words; None where that is not known.

    Args:
        metrics: names of the metrics, all computed at once
        device: where to compute, as it was asked for; None for "auto"
        images: how many
    """
    return pace.expected([*metrics, device or "auto"], images)


def _run(job: ScoringJob, progress: Callable[[Progress], None] | None) -> tuple[Summary, ...]:
    for state in job:
        if progress is not None:
            progress(state)
    return job.summaries


def default_map_dir(dataset: fo.Dataset, field: str) -> Path:
    """Where the error maps of ``field`` are written unless told otherwise."""
    return dataset_dir(dataset) / field
