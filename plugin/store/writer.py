"""Scores into fields, in bulk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.media as fom
from PIL import Image

from ..errors import UsageError, kind_of, without_paths
from ..metrics import MetricInfo
from .fields import ScoreFields, declare_error_field, has_error_maps
from .presentation import to_sidebar

if TYPE_CHECKING:
    from ..engine.records import Measurement, Score


class ScoreWriter:
    """Collects scores and writes them to their samples' fields a chunk at a time.

    A sample that could not be scored gets the kind of its reason and loses whatever an earlier run left; one that
    could loses its earlier reason. The field of reasons is there only while a sample has one. ``scored``, ``failed``
    and ``errors``, by reason, count what has been written.

    Args:
        dataset: dataset of the samples
        metric: the metric whose measurements are written
        fields: the fields to write to, already declared
        map_dir: folder for the error maps as 8-bit PNGs named by sample; None writes none
    """

    def __init__(
        self,
        dataset: fo.Dataset,
        metric: MetricInfo,
        fields: ScoreFields,
        *,
        map_dir: Path | None = None,
    ) -> None:
        self._dataset = dataset
        self._metric = metric
        self._fields = fields
        self._map_dir = map_dir
        self._has_maps = has_error_maps(dataset, metric)
        self._pending: dict[str, dict[str, Any]] = {}
        self._reasons: dict[str, str] = {}
        self.scored = 0
        self.failed = 0
        self.errors: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many samples wait to be written."""
        return len(self._pending)

    def add(self, score: Score, *, stale: bool = False) -> None:
        """Take one score, whose item's key is the sample's id.

        Args:
            score: the score
            stale: whether the sample holds a reason from an earlier run
        """
        measurement = score.measurements.get(self._metric.name)
        if measurement is None:
            reason = without_paths(score.errors[self._metric.name], score.item.dist, score.item.ref)
            self._reasons[score.item.key] = reason
            self._pending[score.item.key] = self._failure(kind_of(reason))
        else:
            self._pending[score.item.key] = self._success(score.item.key, measurement, stale)

    def flush(self) -> None:
        """Write what waits."""
        if self._reasons and not self._dataset.has_field(self._fields.error):
            to_sidebar(self._dataset, [declare_error_field(self._dataset, self._metric)], new=True)
        columns: dict[str, dict[str, Any]] = {}
        for sample_id, values in self._pending.items():
            for field, value in values.items():
                columns.setdefault(field, {})[sample_id] = value
        for field, values in columns.items():
            self._dataset.set_values(field, values, key_field="id", expand_schema=False)
        self.failed += len(self._reasons)
        self.scored += len(self._pending) - len(self._reasons)
        self.errors.update(self._reasons.values())
        self._pending.clear()
        self._reasons.clear()

    def close(self) -> None:
        """Write what waits, and remove the field of reasons where no sample has one any more."""
        self.flush()
        error = self._fields.error
        if self._dataset.has_field(error) and not self._has_reasons():
            self._dataset.delete_sample_field(error)

    def _has_reasons(self) -> bool:
        dataset = self._dataset
        everything = dataset.select_group_slices() if dataset.media_type == fom.GROUP else dataset
        return bool(everything.exists(self._fields.error).limit(1))

    def _success(self, sample_id: str, measurement: Measurement, stale: bool) -> dict[str, Any]:
        values: dict[str, Any] = {self._fields.score: measurement.value}
        if self._metric.stages:
            values[self._fields.stages] = list(measurement.stages)
        if self._metric.has_deviation:
            values[self._fields.std] = measurement.deviation
        if self._metric.grades:
            values[self._fields.grade] = measurement.grade
        if self._metric.has_domain:
            values[self._fields.domain] = measurement.domain
        if self._map_dir is not None and measurement.error_map is not None:
            path = self._map_dir / f"{sample_id}.png"
            try:
                Image.fromarray(measurement.error_map).save(path, compress_level=1)
            except OSError as error:
                raise UsageError(
                    f"{path}: the error map cannot be written ({error.strerror or error}); make room, or compute "
                    "without error maps"
                ) from error
            values[self._fields.map] = fo.Heatmap(map_path=str(path))
        elif self._has_maps:
            values[self._fields.map] = None  # one from an earlier run belongs to the earlier score
        if stale:
            values[self._fields.error] = None
        return values

    def _failure(self, reason: str) -> dict[str, Any]:
        fields, metric = self._fields, self._metric
        written = {
            fields.score: True,
            fields.stages: bool(metric.stages),
            fields.std: metric.has_deviation,
            fields.grade: bool(metric.grades),
            fields.domain: metric.has_domain,
            fields.map: self._has_maps,
        }
        return {fields.error: reason, **dict.fromkeys(field for field, is_written in written.items() if is_written)}
