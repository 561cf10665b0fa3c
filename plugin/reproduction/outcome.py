"""What a reproduction found, beside what was published."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..figures import Figure

Verdict = Literal["pass", "fail", "not measured", "not compared"]

COLUMNS: Final = ("row", "column", "n", "published", "measured", "difference", "low", "high", "tolerance", "verdict")


@dataclass(frozen=True)
class Entry:
    """One number of a table.

    Attributes:
        row: what was measured, such as a metric
        column: the statistic, and on what
        published: the paper's value; None where it prints none
        measured: the value found here; None where it cannot be had
        tolerance: largest difference that passes; None where published and measured do not compare
        n: images that it is over
        interval: 95 % confidence interval of the measured value
        reason: why there is no measured value, or no comparison
        digits: decimal places to print
    """

    row: str
    column: str
    published: float | None = None
    measured: float | None = None
    tolerance: float | None = None
    n: int | None = None
    interval: tuple[float, float] | None = None
    reason: str | None = None
    digits: int = 3

    @property
    def difference(self) -> float | None:
        """Measured less published."""
        return None if self.measured is None or self.published is None else self.measured - self.published

    @property
    def verdict(self) -> Verdict:
        """Whether the published value was found again."""
        if self.measured is None:
            return "not measured"
        if self.difference is None or self.tolerance is None:
            return "not compared"
        return "pass" if -self.tolerance <= self.difference <= self.tolerance else "fail"

    def to_dict(self) -> dict[str, Any]:
        """By ``COLUMNS``, and the reason; ready for JSON."""
        low, high = self.interval or (None, None)
        values = (
            self.row,
            self.column,
            self.n,
            self.published,
            self.measured,
            self.difference,
            low,
            high,
            self.tolerance,
            self.verdict,
        )
        return {**dict(zip(COLUMNS, values, strict=True)), "reason": self.reason}

    def cells(self) -> list[str]:
        """As text, in the order of ``COLUMNS`` with the interval as one, and the reason."""
        interval = (
            "–" if self.interval is None else f"{self._text(self.interval[0])} to {self._text(self.interval[1])}"
        )
        return [
            self.row,
            self.column,
            "–" if self.n is None else f"{self.n:,}",
            self._text(self.published),
            self._text(self.measured),
            "–" if self.difference is None else f"{self.difference:+.{self.digits}f}",
            interval,
            "–" if self.tolerance is None or self.published is None else f"±{self.tolerance:g}",
            self.verdict,
            self.reason or "",
        ]

    def _text(self, value: float | None) -> str:
        return "–" if value is None else f"{value:,.{self.digits}f}"


HEADINGS: Final = (
    "",
    "statistic",
    "n",
    "published",
    "measured",
    "difference",
    "95 % interval",
    "tolerance",
    "verdict",
    "remark",
)


@dataclass(frozen=True)
class Outcome:
    """A reproduction's result.

    Attributes:
        name: the reproduction's name
        title: of the table or figure
        entries: its numbers
        settings: what decided them: machine, versions, weights; JSON-able
        lacking: what was not at hand, and what to do about it
        notes: what a reader of the numbers must know
        figures: figures by name
    """

    name: str
    title: str
    entries: tuple[Entry, ...]
    settings: dict[str, Any]
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[str, Figure], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The numbers and what decided them, ready for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "entries": [entry.to_dict() for entry in self.entries],
            "lacking": list(self.lacking),
            "notes": list(self.notes),
            "settings": self.settings,
        }

    def to_markdown(self) -> str:
        """A table, what is lacking and the notes."""
        lines = [f"# {self.title}", "", _row(HEADINGS), _row(["---"] * len(HEADINGS))]
        lines += [_row(entry.cells()) for entry in self.entries]
        for heading, texts in (("Not at hand", self.lacking), ("Notes", self.notes)):
            if texts:
                lines += ["", f"## {heading}", "", *(f"- {text}" for text in texts)]
        return "\n".join(lines) + "\n"

    def to_csv(self) -> str:
        """The numbers in full precision."""
        stream = io.StringIO()
        writer = csv.DictWriter(stream, (*COLUMNS, "reason"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(entry.to_dict() for entry in self.entries)
        return stream.getvalue()


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
