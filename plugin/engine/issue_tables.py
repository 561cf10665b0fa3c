"""What is wrong with the images of a table, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError, UsageError
from ..issues import ISSUES, MEASURES, PREFIX, UNREADABLE, Judgement, Thresholds, judge
from ..metrics import metric_info
from ..tables import Table
from ..vocabulary import SOURCE
from .examining import Examination, Examiner, Subject, as_text, examine, from_text
from .records import Item
from .row_writer import RowWriter
from .score_tables import ERROR, output_columns, require_free, row_of

FOUND = f"{PREFIX}issues"
DUPLICATE_OF = f"{PREFIX}duplicate_of"
_MEASURED = f"{PREFIX}measured"
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


Found = tuple[Examination, Mapping[str, str]]
"""What was found of an image, and its row with its scores and ``error``."""


class Look:
    """A look at the images of a table: each is examined, and scored where there are metrics, from one decoding.

    Args:
        table: whose rows are the images'
        metrics: names of no-reference metrics
        device: where to score

    Raises:
        UsageError: a metric needs references or does not exist, or the table has a column of such a name already
        WeightsError: see :class:`~.scorer.Scorer`
    """

    def __init__(self, table: Table, metrics: Sequence[str] = (), *, device: str = "auto") -> None:
        if comparing := [name for name in metrics if metric_info(name).kind == "FR"]:
            raise UsageError(f"{', '.join(comparing)}: compares with references; choose metrics that need none")
        added = (FOUND, DUPLICATE_OF, SOURCE, *(measure.field for measure in MEASURES.values()))
        require_free(table, (*added, _MEASURED))
        scored = output_columns(table, metrics)
        own = len(table.columns)
        self._table, self._metrics = table, tuple(metrics)
        self._examiner = Examiner()
        self._scorer = None
        if metrics:
            from .scorer import Scorer

            self._scorer = Scorer(metrics, device=device, watch=self._examiner.watch)
        self.columns = (*scored[:own], *added, *scored[own:])
        self._kept = (*scored, _MEASURED)

    def run(self, items: Sequence[Item]) -> Iterator[Found]:
        """Look at images of the table, in order."""
        if self._scorer is None:
            for examination in examine(Subject(item.key, item.dist) for item in items):
                error = examination.measured if isinstance(examination.measured, ImageError) else None
                row = {
                    **self._table.rows[examination.subject.key],
                    ERROR: "" if error is None else " ".join(str(error).split()),
                }
                yield examination, row
            return
        for score in self._scorer.run(items):
            examination = self._examiner.of(Subject(score.item.key, score.item.dist))
            yield examination, row_of(self._table, self._metrics, score)

    def writer(self, out: Path, *, resume: bool) -> RowWriter:
        """Keeps what is found until the whole set is judged, in ``OUT.part.csv``.

        Args:
            out: where the judged rows are to be
            resume: keep what was found before
        """
        settings = {"metrics": []} if self._scorer is None else self._scorer.describe()
        path = Path(f"{out}.part.csv")
        return RowWriter(path, self._table, self._kept, settings=settings, decisive=["metrics"], resume=resume)


def as_kept(found: Found) -> Mapping[str, str]:
    """The row that :meth:`Look.writer` keeps."""
    examination, row = found
    measured = examination.measured
    if isinstance(measured, ImageError):
        return {**row, _MEASURED: ""}
    return {**row, _MEASURED: as_text(measured)}


def from_kept(item: Item, kept: Mapping[str, str]) -> Found:
    """What was found of an image, from what was kept.

    Raises:
        UsageError: if that is damaged
    """
    row = {name: cell for name, cell in kept.items() if name != _MEASURED}
    subject = Subject(item.key, item.dist)
    if not kept[_MEASURED]:
        return Examination(subject, ImageError(item.dist, row[ERROR])), row
    try:
        return Examination(subject, from_text(kept[_MEASURED])), row
    except ValueError as error:
        raise UsageError(f"row {item.key + 1}: what was kept of it is damaged; leave --resume away") from error


def judged(examinations: Sequence[Examination], thresholds: Thresholds) -> list[Judgement]:
    """Judge what was examined, as one set."""
    found = (each.measured for each in examinations)
    return judge([None if isinstance(each, ImageError) else each for each in found], thresholds)


def rows(
    table: Table,
    dist: str,
    found: Sequence[Found],
    judgements: Sequence[Judgement],
) -> Iterator[Mapping[str, str]]:
    """A row an image; numbers with six digits, nothing where there is none.

    Args:
        table: whose rows were examined, in their order
        dist: the column of paths
        found: of each row
        judgements: of each row
    """
    for (_, kept), judgement in zip(found, judgements, strict=True):
        row = dict(kept)
        row[FOUND] = SEPARATOR.join(judgement.issues)
        for column, place in ((DUPLICATE_OF, judgement.duplicate_of), (SOURCE, judgement.source)):
            row[column] = "" if place is None else table.rows[place][dist]
        for name, measure in MEASURES.items():
            value = judgement.values.get(name)
            row[measure.field] = "" if value is None else f"{value:.6g}"
        yield row
