"""What a dataset offers to set thresholds on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import fiftyone as fo

from ...issues import ISSUES, MEASURES, Measure
from ...store import boolean_fields, resolve_target, score_fields, target_fields
from ...store.fields import ScoreFields

FLAG: Final = "flag"
NUMBER: Final = "number"

_FIRST: Final = "nr"
GRADE_WIDTH: Final = 20.0
"""Grades are parts of this width of the scale from 0 to 100."""

_ISSUES: Final = {issue.field: issue for issue in ISSUES.values()}
_MEASURES: Final = {measure.field: measure for measure in MEASURES.values()}
#: Whether low values of a measure are an issue: of the first, where high ones are one too.
_BELOW: Final = {MEASURES[issue.measure].field: issue.side == "below" for issue in reversed([*ISSUES.values()])} | {
    MEASURES["side"].field: True
}


@dataclass(frozen=True)
class Offered:
    """A field to set a threshold on.

    Attributes:
        field: its name
        title: as the selector shows it
        kind: ``NUMBER``, or ``FLAG`` for one that says yes or no
        lower_is_worse: which values are the bad ones; of a flag, yes is
        grades: words for its values, the worst first, if it has any
        grade_field: field of the words
        metric: name of the metric that it holds the scores of, if it can be computed by name
        operator: the operator that computes them
    """

    field: str
    title: str
    kind: str = NUMBER
    lower_is_worse: bool = True
    grades: tuple[str, ...] = ()
    grade_field: str = ""
    metric: str = ""
    operator: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the panel's state."""
        return asdict(self)


def offered(dataset: fo.Dataset) -> dict[str, Offered]:
    """The fields that thresholds can be set on, by name: ``nr`` first, other metrics, issues, other numbers."""
    metrics = score_fields(dataset)
    declared = dataset.info.get("image_quality_scores") or {}
    found: dict[str, Offered] = {}
    for field, metric in sorted(metrics.items(), key=lambda item: (item[0] != _FIRST, item[0])):
        grade_field = ScoreFields.of(metric).grade
        has_grades = bool(metric.grades) and dataset.has_field(grade_field)
        found[field] = Offered(
            field,
            f"{metric.title} ({field})" if metric.title != field else field,
            lower_is_worse=not metric.lower_is_better,
            grades=metric.grades if has_grades else (),
            grade_field=grade_field if has_grades else "",
            metric="" if field in declared else metric.name,
            operator="compute_full_reference" if metric.kind == "FR" else "compute_no_reference",
        )
    for field in boolean_fields(dataset):
        found[field] = Offered(field, f"Issue: {_ISSUES[field].name}" if field in _ISSUES else field, FLAG)
    for field in target_fields(dataset):
        if field in _MEASURES:
            found[field] = Offered(field, _title(_MEASURES[field]), lower_is_worse=_BELOW[field])
        else:
            found[field] = Offered(field, field, lower_is_worse=not resolve_target(dataset, field).lower_is_better)
    return found


def _title(measure: Measure) -> str:
    name = measure.name.replace("_", " ").capitalize()
    return f"{name} ({measure.unit})" if measure.unit else name
