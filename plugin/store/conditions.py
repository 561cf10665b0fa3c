"""Which samples are bad enough: conditions on fields, joined by and or or, as MongoDB filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from fiftyone.core.collections import SampleCollection

from ..errors import UsageError

AND: Final = "and"
OR: Final = "or"
AT_MOST: Final = "at most"
AT_LEAST: Final = "at least"
ONE_OF: Final = "one of"

_OPERATORS: Final = {AT_MOST: "$lte", AT_LEAST: "$gte", ONE_OF: "$in"}
_JOINS: Final = {AND: "$and", OR: "$or"}
_SIGNS: Final = {AT_MOST: "≤", AT_LEAST: "≥"}


@dataclass(frozen=True)
class Condition:
    """What a field has to hold.

    Args:
        field: its name
        relation: ``AT_MOST`` or ``AT_LEAST`` with a number, ``ONE_OF`` with a list
        value: the number or the list. A sample without a value meets no condition
    """

    field: str
    relation: Literal["at most", "at least", "one of"]
    value: float | list[Any]

    @property
    def criterion(self) -> dict[str, Any]:
        """The filter. It compares values of one type alone: neither null nor NaN is below a number."""
        return {self.field: {_OPERATORS[self.relation]: self.value}}

    def __str__(self) -> str:
        if isinstance(self.value, list):
            return self.field if self.value == [True] else f"{self.field} {' or '.join(map(str, self.value))}"
        return f"{self.field} {_SIGNS[self.relation]} {self.value:.6g}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def in_words(conditions: Sequence[Condition], join: str) -> str:
    """All conditions in a line."""
    return f" {join} ".join(map(str, conditions))


def criterion(conditions: Sequence[Condition], join: str) -> dict[str, Any]:
    """The filter of the samples that meet all conditions, or one of them.

    Args:
        conditions: the conditions
        join: ``AND`` or ``OR``

    Raises:
        UsageError: there are no conditions
    """
    if not conditions:
        raise UsageError("no condition: choose a score and a threshold")
    return {_JOINS[join]: [condition.criterion for condition in conditions]}


def meeting(samples: SampleCollection, conditions: Sequence[Condition], join: str) -> Any:
    """The view of the samples that meet the conditions, the worst by the first of them that is on numbers first.

    Args:
        samples: dataset or view
        conditions: the conditions
        join: ``AND`` or ``OR``

    Raises:
        UsageError: there are no conditions
    """
    view = samples.mongo([{"$match": criterion(conditions, join)}])
    first = next((condition for condition in conditions if condition.relation != ONE_OF), None)
    return view.sort_by(first.field, reverse=first.relation == AT_LEAST) if first else view


def is_meeting(stages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these are the stages that :func:`meeting` adds to a view, whatever the conditions.

    Args:
        stages: as JSON
    """
    if not 1 <= len(stages) <= 2:
        return False
    pipeline = dict(stages[0]["kwargs"]).get("pipeline")
    joins = [list(step.get("$match", {})) for step in pipeline or []]
    return joins in [[[join]] for join in _JOINS.values()] and all(
        stage["_cls"] == "fiftyone.core.stages.SortBy" for stage in stages[1:]
    )
