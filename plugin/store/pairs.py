"""A distorted image beside its reference: its scores among the dataset's, and its like at other levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
from fiftyone import ViewField as F

from ..metrics import MetricInfo
from .distributions import shares_below
from .fields import DISTORTION_FIELD, LEVEL_FIELD, REF_FIELD, ScoreFields, score_fields
from .items import PairSource, is_grouped


@dataclass(frozen=True)
class Standing:
    """A score among those of the dataset.

    Attributes:
        metric: whose score it is
        value: the score
        better_than: share of the dataset's other scores that it is better than, 0 to 1; NaN where there are none
    """

    metric: MetricInfo
    value: float
    better_than: float


@dataclass(frozen=True)
class Neighbour:
    """The same reference with the same distortion at some level.

    Attributes:
        id: of the sample
        path: of its image
        level: of the distortion
    """

    id: str
    path: str
    level: float


@dataclass(frozen=True)
class Pair:
    """A sample as an inspector shows it.

    Attributes:
        id: of the sample
        path: of its image
        reference: path of its reference, if it is known
        distortion: type of its distortion, if it is known
        level: level of its distortion, if it is known
        standings: its scores among those of the dataset, by field
        stages: values of the stages of each metric that has some, by the metric's title and the stage's name
        neighbours: its like at all levels, itself among them, by level
    """

    id: str
    path: str
    reference: str | None
    distortion: str | None
    level: float | None
    standings: dict[str, Standing]
    stages: dict[str, dict[str, float]]
    neighbours: list[Neighbour]


def pair_of(dataset: fo.Dataset, sample_id: str) -> Pair | None:
    """What is known of a sample; None where the dataset has no such sample.

    Args:
        dataset: flat or grouped
        sample_id: id of the sample with the distorted image, or of one of its group
    """
    grouped = is_grouped(dataset)
    images = dataset.select_group_slices() if grouped else dataset
    found, reference = images.select(sample_id), None
    if grouped or isinstance(dataset.get_field(REF_FIELD), fo.StringField):
        pair = next(PairSource().read(found), None)
        if pair:
            distorted_id, _, reference, _ = pair
            found = images.select(distorted_id)
    metrics = score_fields(dataset)
    stage_fields = {ScoreFields.of(metric).stages: metric for metric in metrics.values() if metric.stages}
    wanted = ["id", "filepath", DISTORTION_FIELD, LEVEL_FIELD, REF_FIELD, *metrics, *stage_fields]
    fields = [name for name in wanted if dataset.has_field(name)]
    rows = list(zip(*found.values(fields), strict=True))
    if not rows:
        return None
    values = dict(zip(fields, rows[0], strict=True))
    return Pair(
        values["id"],
        values["filepath"],
        reference,
        values.get(DISTORTION_FIELD),
        values.get(LEVEL_FIELD),
        _standings(dataset, metrics, values),
        {
            metric.title: dict(zip(metric.stages, values[field], strict=False))
            for field, metric in stage_fields.items()
            if values.get(field)
        },
        _neighbours(dataset, values),
    )


def _standings(dataset: fo.Dataset, metrics: dict[str, MetricInfo], values: dict[str, Any]) -> dict[str, Standing]:
    scores = {
        field: float(values[field])
        for field in metrics
        if values.get(field) is not None and math.isfinite(values[field])
    }
    if not scores:
        return {}
    found = {}
    for field, (below, same, valued) in shares_below(dataset, scores).items():
        worse = valued - below - same if metrics[field].lower_is_better else below
        share = worse / (valued - 1) if valued > 1 else math.nan
        found[field] = Standing(metrics[field], scores[field], share)
    return found


def _neighbours(dataset: fo.Dataset, values: dict[str, Any]) -> list[Neighbour]:
    shared = {name: values.get(name) for name in (REF_FIELD, DISTORTION_FIELD)}
    if None in shared.values() or values.get(LEVEL_FIELD) is None:
        return []
    view = dataset.view()
    for name, value in shared.items():
        view = view.match(F(name) == value)
    rows = zip(*view.exists(LEVEL_FIELD).values(["id", "filepath", LEVEL_FIELD]), strict=True)
    return sorted((Neighbour(*row) for row in rows), key=lambda each: (each.level, each.path))
