"""What the controls say, as a condition, and where the slider stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import fiftyone as fo

from ...store import AT_LEAST, AT_MOST, ONE_OF, Condition, Distribution, value_at
from .offer import FLAG, GRADE_WIDTH, Offered

BY_VALUE: Final = "value"
BY_SHARE: Final = "share"
BY_GRADE: Final = "grade"
_WAYS: Final = {BY_VALUE: "Value", BY_SHARE: "Worst share", BY_GRADE: "Grade"}

DEFAULT_SHARE: Final = 5.0
"""Per cent of the images that a threshold takes at first."""

_POSITIONS: Final = 100
"""At least so many positions a slider has."""


@dataclass(frozen=True)
class Slider:
    """Where a slider begins and ends, and its step."""

    low: float
    high: float
    step: float

    @classmethod
    def over(cls, values: Distribution) -> Slider:
        """One in round steps over all values."""
        extent = values.high - values.low or abs(values.high) or 1.0
        step = 10.0 ** math.floor(math.log10(extent / _POSITIONS))
        return cls(_round(math.floor(values.low / step) * step), _round(math.ceil(values.high / step) * step), step)

    def nearest(self, value: float) -> float:
        """The position next to a value."""
        return _round(min(max(round(value / self.step) * self.step, self.low), self.high))


SHARES: Final = Slider(0.0, 100.0, 0.5)


@dataclass(frozen=True)
class Threshold:
    """A threshold as it is being set.

    Attributes:
        offered: the field that it is on
        lower_is_worse: which side of it is the bad one
        by: what it is set by: ``BY_VALUE``, ``BY_SHARE`` or ``BY_GRADE``
        amount: the value, or the share in per cent
        grade: the best of the grades that are too bad
    """

    offered: Offered
    lower_is_worse: bool
    by: str
    amount: float
    grade: str

    def condition(self, view: fo.DatasetView) -> Condition:
        """The condition that it sets on the samples of a view."""
        offered = self.offered
        if offered.kind == FLAG:
            return Condition(offered.field, ONE_OF, [True])
        if self.by == BY_GRADE:
            return Condition(offered.grade_field, ONE_OF, list(offered.grades[: self._grades]))
        value = self.amount
        if self.by == BY_SHARE:
            value = _of_share(view, offered.field, self.amount, lower_first=self.lower_is_worse)
        return Condition(offered.field, AT_MOST if self.lower_is_worse else AT_LEAST, value)

    def place(self, condition: Condition) -> float | None:
        """Where it lies among the field's values; None for a flag."""
        if self.offered.kind == FLAG:
            return None
        if self.by == BY_GRADE:
            return GRADE_WIDTH * self._grades
        return float(condition.value)  # type: ignore[arg-type]

    @property
    def _grades(self) -> int:
        return self.offered.grades.index(self.grade) + 1


def ways(offered: Offered) -> dict[str, str]:
    """What a threshold on a field can be set by."""
    return {way: title for way, title in _WAYS.items() if way != BY_GRADE or offered.grades}


def settled(
    wanted: Mapping[str, Any],
    offer: Mapping[str, Offered],
    view: fo.DatasetView,
    values: Callable[[str], Distribution],
) -> Threshold:
    """The threshold that the controls say, with defaults where they say nothing, or nothing that is on offer.

    Args:
        wanted: ``field``, ``worse``, ``by``, ``amount`` and ``grade``, as far as chosen
        offer: the fields on offer, at least one
        view: the samples
        values: gives the distribution of a field's values
    """
    offered = offer.get(wanted.get("field") or "") or next(iter(offer.values()))
    lower_is_worse = {"lower": True, "higher": False}.get(wanted.get("worse") or "", offered.lower_is_worse)
    by = wanted.get("by")
    by = by if by in ways(offered) else BY_VALUE
    grade = wanted.get("grade")
    if grade not in offered.grades:
        grade = offered.grades[1] if offered.grades else ""
    amount = wanted.get("amount")
    if amount is None and offered.kind != FLAG:
        amount = DEFAULT_SHARE
        if by == BY_VALUE:
            amount = _of_share(view, offered.field, DEFAULT_SHARE, lower_first=lower_is_worse)
            found = values(offered.field)
            amount = Slider.over(found).nearest(amount) if found.counts else amount
    return Threshold(offered, lower_is_worse, by, float(amount or 0.0), grade)


def _of_share(view: fo.DatasetView, field: str, share: float, *, lower_first: bool) -> float:
    """The value that takes a share of the images, in per cent; where none has a value, any number takes none."""
    value = value_at(view, field, share / 100, lower_first=lower_first)
    return 0.0 if math.isnan(value) else value


def _round(value: float) -> float:
    """Without the last digits that arithmetic in steps leaves."""
    return float(f"{value:.12g}")
