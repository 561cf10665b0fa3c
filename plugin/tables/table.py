"""A table in memory, and its cells as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError

#: What is written where a value is missing, in lower case.
_MISSING: Final = frozenset({"", "-", "–", "na", "n/a", "#n/a", "nan", "none", "null"})
_INFINITE: Final = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
#: What people write for numbers that is none, and what to do about it.
_MISTAKES: Final = (
    (re.compile(r"[+-]?\d+,\d+", re.ASCII), "a decimal comma or a thousands separator; write 3.7 or 1234"),
    (re.compile(r"[+-]?\d{1,3}([ ,.'’_\u00a0]\d{3})+([.,]\d+)?", re.ASCII), "thousands separators; write 1234.5"),
    (re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*", re.ASCII), "a date"),
    (
        re.compile(r"[+-]?[\d.]+\s*[^\d\s.,:;/-].*", re.ASCII),
        "a unit or a text behind it; write the number alone",
    ),
)
#: Digits that are no number: padded with zeros to one length.
_NAME: Final = re.compile(r"[+-]?0\d+", re.ASCII)


@dataclass(frozen=True)
class Table:
    """A table in memory.

    Args:
        path: where it was read from
        columns: the header
        rows: one mapping a row, every value as text
        lines: where each row ends in the file, counted from 1
        folder: where relative paths in it start; by default the file's folder
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...] = ()
    folder: Path | None = None

    @property
    def root(self) -> Path:
        """The folder where relative paths in it start."""
        return self.path.parent if self.folder is None else self.folder

    def require(self, *names: str) -> None:
        """Make sure that the columns are there.

        Raises:
            UsageError: naming the missing one and those there are
        """
        for name in names:
            if name not in self.columns:
                raise UsageError(f"{self.path}: no column {name!r}; there are {', '.join(self.columns)}")

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds a number, and nothing but numbers and blanks; 007 is a name."""
        values = [text for row in self.rows if (text := row[name].strip()).lower() not in _MISSING]
        return bool(values) and all(_is_number(text) and not _NAME.fullmatch(text) for text in values)

    def numbers(self, name: str) -> list[float]:
        """A column as numbers, NaN where one is missing; infinite ones as they are.

        Raises:
            UsageError: naming the first row that holds something else
        """
        self.require(name)
        values = []
        for index, row in enumerate(self.rows):
            try:
                values.append(to_number(row[name]))
            except ValueError as error:
                place = f"line {self.lines[index]}" if self.lines else f"row {index + 1}"
                raise UsageError(f"{self.path}, {place}: {name} is {row[name]!r}, {error}") from None
        return values


def to_number(value: Any) -> float:
    """A cell as a number; NaN where it is blank or says that there is none.

    Args:
        value: a text, or what a spreadsheet has in the cell

    Raises:
        ValueError: if it is something else; says what
    """
    if value is None:
        return math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    if text.lower() in _MISSING:
        return math.nan
    if _is_number(text):
        return float(text)
    for mistake, reason in _MISTAKES:
        if mistake.fullmatch(text):
            raise ValueError(f"not a number ({reason})")
    raise ValueError("not a number")


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _INFINITE.fullmatch(text))
