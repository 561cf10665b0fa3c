"""Tables: the one reader, with one set of rules and errors that name file, line and column, and the one writer."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .errors import UsageError
from .files import read_bytes

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
#: By suffix; another separator is told and not guessed.
_SEPARATORS: Final = {".tsv": "\t", ".tab": "\t"}


@dataclass(frozen=True)
class Table:
    """A table in memory.

    Args:
        path: where it was read from
        columns: the header
        rows: one mapping a row, every value as text
        lines: where each row ends in the file, counted from 1
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...] = ()

    def require(self, *names: str) -> None:
        """Make sure that the columns are there.

        Raises:
            UsageError: naming the missing one and those there are
        """
        for name in names:
            if name not in self.columns:
                raise UsageError(f"{self.path}: no column {name!r}; there are {', '.join(self.columns)}")

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
    if _NUMBER.fullmatch(text) or _INFINITE.fullmatch(text):
        return float(text)
    for mistake, reason in _MISTAKES:
        if mistake.fullmatch(text):
            raise ValueError(f"not a number ({reason})")
    raise ValueError("not a number")


def read_table(path: Path) -> Table:
    """Read a table with a header: CSV, or TSV where the name ends in ``.tsv``; UTF-8, or UTF-16 with its mark.

    Space around the names of columns, and before a value, does not count. Lines without anything are passed over.

    Raises:
        UsageError: if it cannot be read, has no header, repeats a column, or a line has more or fewer values
    """
    return parse_table(path, read_text(path))


def read_text(path: Path) -> str:
    """Content of a text file in UTF-8, or in UTF-16 with its mark; lines end in a newline, whatever ends them there.

    Raises:
        UsageError: if it cannot be read or is no text
    """
    content = read_bytes(path)
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is no text in UTF-8 ({error}); save it as CSV in UTF-8") from error
    if "\0" in text:
        raise UsageError(f"{path}: is no text, it has zero bytes")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_table(path: Path, text: str) -> Table:
    """A table's text as :func:`read_table` takes it.

    Raises:
        UsageError: see :func:`read_table`
    """
    separator = _SEPARATORS.get(path.suffix.lower(), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        lines = [(reader.line_num, values) for values in reader if values]
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from error
    if not lines:
        raise UsageError(f"{path}: empty; the first line must name the columns")
    if text.count('"') % 2 and any("\n" in value for value in lines[-1][1]):
        raise UsageError(f"{path}, line {lines[-1][0]}: a quotation mark is not closed")
    columns = tuple(name.strip() for name in lines[0][1])
    if len(columns) == 1 and (other := next((mark for mark in ";\t," if mark in columns[0]), None)):
        raise UsageError(
            f"{path}: its columns are separated by {other!r}; separate them by {separator!r}"
            + (", or call it .tsv" if other == "\t" else "")
        )
    width = len(columns)
    # Spreadsheets leave columns without name or values at the end, as in BIQ2021's published table.
    while len(columns) > 1 and not columns[-1] and not any("".join(row[len(columns) - 1 :]) for _, row in lines[1:]):
        columns = columns[:-1]
    if len(set(columns)) < len(columns):
        repeated = next(name for name in columns if columns.count(name) > 1)
        raise UsageError(f"{path}: two columns are called {repeated!r}")
    for number, values in lines[1:]:
        if len(values) != width:
            hint = "; a decimal comma makes two values of one: write 3.7" if len(values) > width else ""
            raise UsageError(f"{path}, line {number}: {len(values)} values for {width} columns{hint}")
    return Table(
        path,
        columns,
        tuple(dict(zip(columns, values[: len(columns)], strict=True)) for _, values in lines[1:]),
        tuple(number for number, _ in lines[1:]),
    )


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Lines of a CSV file, header first; a row's value of None is an empty one."""
    names = tuple(columns)
    yield csv_line(names)
    for row in rows:
        yield csv_line(row[name] for name in names)


def csv_line(values: Iterable[Any]) -> str:
    """One line of a CSV file."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()
