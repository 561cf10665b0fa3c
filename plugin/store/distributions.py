"""How a field's values are distributed over a view: computed in the database, whatever the number of samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
from bson import ObjectId
from fiftyone.core.collections import SampleCollection

from .fields import LEARNT_SUFFIX
from .items import is_grouped
from .samples import underlying


@dataclass(frozen=True)
class Distribution:
    """Values of a numeric field.

    Attributes:
        low: the smallest value; NaN where there is none
        high: the greatest value; NaN where there is none
        counts: how many values lie in each of the bins of equal width from ``low`` to ``high``
        total: how many samples there are
    """

    low: float
    high: float
    counts: tuple[int, ...]
    total: int

    @property
    def valued(self) -> int:
        """How many samples have a value."""
        return sum(self.counts)

    @property
    def edges(self) -> list[float]:
        """Where the bins begin, and where the last one ends."""
        if not self.counts:
            return []
        width = (self.high - self.low) / len(self.counts)
        return [self.low + width * number for number in range(len(self.counts))] + [self.high]


def images_of(samples: SampleCollection) -> SampleCollection:
    """The samples that a view stands for; of a grouped dataset those of all slices.

    Raises:
        UsageError: the view is of patches, frames or clips
    """
    samples = underlying(samples)
    grouped = is_grouped(samples) and samples.media_type == "group"
    return samples.select_group_slices() if grouped else samples


def distribution(samples: SampleCollection, field: str, bins: int) -> Distribution:
    """The distribution of a numeric field's values. NaN and infinite ones do not count.

    Args:
        samples: dataset or view of whole images
        field: name of the field
        bins: how many
    """
    found = _first(samples, [{"$match": _finite(field)}, _extremes(field)])
    total = count(samples)
    if found is None:
        return Distribution(math.nan, math.nan, (), total)
    low, high = float(found["low"]), float(found["high"])
    if low == high:
        return Distribution(low, high, (found["n"],), total)
    place = {"$floor": {"$multiply": [{"$subtract": [f"${field}", low]}, bins / (high - low)]}}
    pipeline: list[dict[str, Any]] = [
        {"$match": _finite(field)},
        {"$group": {"_id": {"$min": [place, bins - 1]}, "n": {"$sum": 1}}},
    ]
    counts = {int(row["_id"]): row["n"] for row in _rows(samples, pipeline)}
    return Distribution(low, high, tuple(counts.get(number, 0) for number in range(bins)), total)


def count(samples: SampleCollection, criterion: Mapping[str, Any] | None = None) -> int:
    """How many samples there are, or how many of them meet a MongoDB filter."""
    found = _first(samples, [{"$match": criterion or {}}, {"$count": "n"}])
    return found["n"] if found else 0


def value_counts(samples: SampleCollection, field: str) -> dict[Any, int]:
    """How many samples have each value of a field."""
    pipeline = [{"$group": {"_id": f"${field}", "n": {"$sum": 1}}}]
    return {row["_id"]: row["n"] for row in _rows(samples, pipeline)}


def value_at(samples: SampleCollection, field: str, share: float, *, lower_first: bool) -> float:
    """The value up to which the first ``share`` of a field's values lie, one of them.

    Args:
        samples: dataset or view of whole images
        field: name of a numeric field
        share: 0 to 1; at least one value is taken
        lower_first: whether values are counted from the smallest; else from the greatest
    """
    number = count(samples, _finite(field))
    if not number:
        return math.nan
    pipeline: list[dict[str, Any]] = [
        {"$match": _finite(field)},
        {"$sort": {field: 1 if lower_first else -1}},
        {"$skip": max(0, min(number, round(share * number)) - 1)},
        {"$limit": 1},
    ]
    found = _first(samples, pipeline)
    return math.nan if found is None else float(found[field])


def extremes_of(samples: SampleCollection, ids: Sequence[str], field: str) -> tuple[float, float] | None:
    """The smallest and the greatest value of a field among the samples of these ids, if any has one."""
    criterion = {"_id": {"$in": [ObjectId(id_) for id_ in ids]}, **_finite(field)}
    found = _first(samples, [{"$match": criterion}, _extremes(field)])
    return (float(found["low"]), float(found["high"])) if found else None


def shares_below(samples: SampleCollection, values: Mapping[str, float]) -> dict[str, tuple[int, int, int]]:
    """For each field, how many samples have a lower value than the given one, the same value, and a value at all."""
    sums: dict[str, Any] = {"_id": None}
    for number, (field, value) in enumerate(values.items()):
        # NaN comes before all numbers, what is none of them after.
        is_number = {"$and": [{"$isNumber": f"${field}"}, {"$gte": [f"${field}", -math.inf]}]}
        for name, sign in (("below", "$lt"), ("same", "$eq")):
            meets = {"$and": [is_number, {sign: [f"${field}", value]}]}
            sums[f"{name}_{number}"] = {"$sum": {"$cond": [meets, 1, 0]}}
        sums[f"valued_{number}"] = {"$sum": {"$cond": [is_number, 1, 0]}}
    found = _first(samples, [{"$group": sums}]) or {}
    return {
        field: (found.get(f"below_{number}", 0), found.get(f"same_{number}", 0), found.get(f"valued_{number}", 0))
        for number, field in enumerate(values)
    }


def _finite(field: str) -> dict[str, Any]:
    # Comparisons with a number leave out null, NaN and everything that is no number.
    return {field: {"$gt": -math.inf, "$lt": math.inf}}


def _extremes(field: str) -> dict[str, Any]:
    path = f"${field}"
    return {"$group": {"_id": None, "low": {"$min": path}, "high": {"$max": path}, "n": {"$sum": 1}}}


def _rows(samples: SampleCollection, pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = list(images_of(samples)._aggregate(pipeline=pipeline))
    return rows


def _first(samples: SampleCollection, pipeline: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    return next(iter(_rows(samples, pipeline)), None)


def boolean_fields(dataset: fo.Dataset) -> list[str]:
    """Fields that say yes or no of an image, without those that say what a model learnt from."""
    return [name for name in dataset.get_field_schema(ftype=fo.BooleanField) if not name.endswith(LEARNT_SUFFIX)]
