"""What is wrong with the images of a table, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import ImageError, UsageError
from ..issues import ISSUES, MEASURES, PREFIX, UNREADABLE, Judgement, Thresholds, judge
from ..metrics import metric_info
from ..tables import Table
from ..vocabulary import SOURCE
from .examining import Examination, Examiner, Subject, examine
from .records import Item, Score
from .score_tables import ERROR, output_columns, require_free, row_of

FOUND = f"{PREFIX}issues"
DUPLICATE_OF = f"{PREFIX}duplicate_of"
SEPARATOR = "; "
"""Between the names of an image's issues."""


@dataclass(frozen=True)
class Count:
    """How many images have an issue.

    Args:
        issue: its name
        images: that have it
        share: of all images, 0 to 1
        rule: what decides, in words
    """

    issue: str
    images: int
    share: float
    rule: str


def counts(judgements: Sequence[Judgement], thresholds: Thresholds) -> list[Count]:
    """How many images have each issue, in the catalogue's order."""
    total = len(judgements) or 1
    found = [(name, sum(name in each.issues for each in judgements)) for name in (*ISSUES, UNREADABLE)]
    return [Count(name, number, number / total, rule(name, thresholds)) for name, number in found]


def rule(name: str, thresholds: Thresholds) -> str:
    """What decides whether an image has an issue, in words."""
    if name == UNREADABLE:
        return "no image, or a damaged one"
    issue = ISSUES[name]
    measure = MEASURES[issue.measure]
    return f"{measure.name.replace('_', ' ')} {issue.side} {thresholds[name]:g} {measure.unit}".rstrip()


def examined(
    items: Sequence[Item], metrics: Sequence[str] = (), *, device: str = "auto"
) -> Iterator[tuple[Examination, Score | None]]:
    """Examine images, and score them where there are metrics; each file is decoded once.

    Args:
        items: the images, in their order
        metrics: names of no-reference metrics
        device: where to score

    Raises:
        UsageError: a metric needs references or does not exist
        WeightsError: see :class:`~.scorer.Scorer`
    """
    if not metrics:
        for examination in examine(Subject(item.key, item.dist) for item in items):
            yield examination, None
        return
    if comparing := [name for name in metrics if metric_info(name).kind == "FR"]:
        raise UsageError(f"{', '.join(comparing)}: compares with references; choose metrics that need none")
    from .scorer import Scorer

    examiner = Examiner()
    for score in Scorer(metrics, device=device, watch=examiner.watch).run(items):
        yield examiner.of(Subject(score.item.key, score.item.dist)), score


def judged(examinations: Sequence[Examination], thresholds: Thresholds) -> list[Judgement]:
    """Judge what was examined, as one set."""
    found = (each.measured for each in examinations)
    return judge([None if isinstance(each, ImageError) else each for each in found], thresholds)


def columns(table: Table, metrics: Sequence[str]) -> tuple[str, ...]:
    """The table's columns, those of the measures, issues and scores, and ``error``.

    Raises:
        UsageError: if the table has a column of such a name already
    """
    added = (FOUND, DUPLICATE_OF, SOURCE, *(measure.field for measure in MEASURES.values()))
    require_free(table, added)
    scored = output_columns(table, metrics)
    own = len(table.columns)
    return (*scored[:own], *added, *scored[own:])


def rows(
    table: Table,
    dist: str,
    found: Sequence[tuple[Examination, Score | None]],
    judgements: Sequence[Judgement],
    metrics: Sequence[str],
) -> Iterator[Mapping[str, str]]:
    """A row an image; numbers with six digits, nothing where there is none.

    Args:
        table: whose rows were examined, in their order
        dist: the column of paths
        found: what :func:`examined` gave of each row
        judgements: of each row
        metrics: names of metrics
    """
    for index, ((examination, score), judgement) in enumerate(zip(found, judgements, strict=True)):
        error = examination.measured if isinstance(examination.measured, ImageError) else None
        own = {ERROR: "" if error is None else " ".join(str(error).split())}
        row = {**table.rows[index], **own, **(row_of(table, metrics, score) if score else {})}
        row[FOUND] = SEPARATOR.join(judgement.issues)
        for column, place in ((DUPLICATE_OF, judgement.duplicate_of), (SOURCE, judgement.source)):
            row[column] = "" if place is None else table.rows[place][dist]
        for name, measure in MEASURES.items():
            value = judgement.values.get(name)
            row[measure.field] = "" if value is None else f"{value:.6g}"
        yield row
