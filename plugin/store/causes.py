"""What the images of a view may look bad by, into described fields, recorded as a FiftyOne run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection
from PIL import Image

from ..errors import UsageError, without_paths
from ..metrics import metric_info
from ..metrics.causes import CAUSE, CAUSES, CONFIDENCE, METRIC, TOP
from .compute import Progress, default_map_dir
from .fields import ScoreFields
from .items import ImageSource
from .presentation import paint_map, to_sidebar
from .runs import Outcome, Run
from .streams import Spool

if TYPE_CHECKING:
    from ..engine.records import Measurement, Score

ERROR: Final = f"{CAUSE}_error"
MAP: Final = ScoreFields.of(metric_info(METRIC)).map

_FLUSH_SECONDS: Final = 1.0

_FIELDS: Final[dict[str, tuple[type[fo.Field], str, dict[str, Any]]]] = {
    CAUSE: (fo.StringField, "What it most likely looks bad by: one of 25 types of distortion, or none", {}),
    CONFIDENCE: (fo.FloatField, "How likely that is, 0 to 1", {}),
    CAUSES: (
        fo.EmbeddedDocumentField,
        f"The {TOP} likeliest types of distortion, each with its probability",
        {"embedded_doc_type": fo.Classifications},
    ),
    ERROR: (fo.StringField, "Why nothing can be told", {}),
}
_MAP_FIELD: Final = (
    fo.EmbeddedDocumentField,
    "Where the quality of windows is bad, on one scale for all images",
    {"embedded_doc_type": fo.Heatmap},
)


class CausesJob:
    """Tells what the images of a view may look bad by, and where, and writes it to their fields.

    Iterating does the work. What has been found is written about once a second.

    Args:
        samples: dataset or view, flat or grouped
        slice_name: of a grouped dataset, the slice to look at; None looks at all images
        maps: also write maps of where ``nr`` sees bad quality
        map_dir: folder for the maps; by default in the dataset's own folder
        device: where to compute
        only_missing: leave images alone of which the same has been told before

    Attributes:
        unmapped: how many images were too narrow for a map

    Raises:
        UsageError: the view, the fields or the settings are wrong
        WeightsError: the weights cannot be had
    """

    def __init__(
        self,
        samples: SampleCollection,
        *,
        slice_name: str | None = None,
        maps: bool = False,
        map_dir: str | Path | None = None,
        device: str = "auto",
        only_missing: bool = False,
    ) -> None:
        self._samples = samples
        self._dataset: fo.Dataset = samples._root_dataset
        self._source = ImageSource(slice_name)
        self._fields = {**_FIELDS, **({MAP: _MAP_FIELD} if maps else {})}
        self._map_dir = (Path(map_dir) if map_dir else default_map_dir(self._dataset, MAP)) if maps else None
        self._device = device
        self._only_missing = only_missing
        self.check()
        self._pending: dict[str, dict[str, Any]] = {name: {} for name in self._fields}
        self._causes: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self.unmapped = 0

    def check(self) -> None:
        """Check that the view can be looked at and the fields can be written.

        Raises:
            UsageError: not images, no such slice, or a field that holds something else
        """
        self._source.check(self._samples)
        for name, (kind, _, options) in self._fields.items():
            field = self._dataset.get_field(name)
            if field is None:
                continue
            is_ours = isinstance(field, kind) and (
                "embedded_doc_type" not in options or field.document_type is options["embedded_doc_type"]
            )
            if not is_ours or field.read_only:
                problem = "is read-only" if is_ours else "holds something else"
                raise UsageError(f"{self._dataset.name}: the field {name!r} {problem}; rename or delete it")

    @property
    def causes(self) -> dict[str, int]:
        """How many images most likely have which distortion, the commonest first."""
        return dict(self._causes.most_common())

    @property
    def errors(self) -> dict[str, int]:
        """How many images have which reason why nothing can be told of them, the commonest first."""
        return dict(self._errors.most_common())

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        from ..engine.records import Item
        from ..engine.scorer import Scorer
        from ..learning.causes.files import PACKAGED
        from ..weights import sha256

        scorer = Scorer([METRIC], device=self._device, quality_maps=self._map_dir is not None)
        if self._map_dir is None:  # Windows by the dozen would leave no room for the features of pictures.
            for metric in scorer.metrics.values():
                metric.keep_features()
        self._declare()
        told = [CAUSE] if self._map_dir is None else [CAUSE, MAP]
        rows = self._source.read(self._samples, told)
        images = Spool((row.key, row.dist) for row in rows if not self._only_missing or None in row.others)
        settings = {
            "explains": METRIC,
            "model": {"file": PACKAGED.name, "sha256": sha256(PACKAGED)},
            "source": self._source.describe(self._samples),
            "map_dir": self._map_dir and str(self._map_dir),
            "only_missing": self._only_missing,
            "engine": scorer.describe(),
        }

        def outcome() -> Outcome:
            counts = {"explained": self._causes.total(), "failed": self._errors.total()}
            if self._map_dir is not None:
                counts["unmapped"] = self.unmapped
            return Outcome(counts, self._errors.most_common())

        with Run(self._samples, CAUSE, settings, outcome):
            try:
                yield Progress(0, len(images), 0)
                written = time.monotonic()
                for done, score in enumerate(scorer.run(Item(*row) for row in images), 1):
                    self._take(score)
                    if time.monotonic() - written >= _FLUSH_SECONDS:
                        self._flush()
                        written = time.monotonic()
                        yield Progress(done, len(images), self._errors.total())
            finally:
                self._flush()
        yield Progress(len(images), len(images), self._errors.total())

    def _declare(self) -> None:
        known = self._dataset.get_field_schema()
        for name, (kind, description, options) in self._fields.items():
            self._dataset.add_sample_field(name, kind, description=description, **options)
        to_sidebar(self._dataset, [name for name in (CAUSE, CONFIDENCE, CAUSES) if name not in known], new=True)
        for name in (CAUSE, CONFIDENCE):
            self._dataset.create_index(name)
        if self._map_dir is not None:
            paint_map(self._dataset, MAP)
            try:
                self._map_dir.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{self._map_dir}: the folder for maps cannot be made ({error.strerror})") from error

    def _take(self, score: Score) -> None:
        found = score.measurements.get(METRIC)
        values: dict[str, Any] = dict.fromkeys(self._fields)
        if found is None:
            values[ERROR] = without_paths(score.error, score.item.dist)
            self._errors[values[ERROR]] += 1
        else:
            values |= self._told(score.item.key, found)
            self._causes[values[CAUSE]] += 1
        for name, value in values.items():
            self._pending[name][score.item.key] = value

    def _told(self, key: str, found: Measurement) -> dict[str, Any]:
        first = found.causes[0]
        labels = [fo.Classification(label=each.name, confidence=each.probability) for each in found.causes[:TOP]]
        values = {
            CAUSE: first.name,
            CONFIDENCE: first.probability,
            CAUSES: fo.Classifications(classifications=labels),
        }
        if self._map_dir is None:
            return values
        if found.error_map is None:
            self.unmapped += 1
        else:
            path = self._map_dir / f"{key}.png"
            try:
                Image.fromarray(found.error_map).save(path, compress_level=1)
            except OSError as error:
                raise UsageError(f"{path}: the map cannot be written ({error.strerror or error})") from error
            values[MAP] = fo.Heatmap(map_path=str(path))
        return values

    def _flush(self) -> None:
        for name, values in self._pending.items():
            self._dataset.set_values(name, values, key_field="id", expand_schema=False)
            values.clear()


def fields_of_causes(dataset: fo.Dataset) -> list[str]:
    """The fields that the work writes and the dataset has."""
    return [name for name in (*_FIELDS, MAP) if dataset.has_field(name)]
