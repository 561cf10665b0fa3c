"""Table files by the suffixes of their names: the one reader, and the one writer of whole files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..files import written_whole
from . import json_lines, parquet
from .delimited import SEPARATORS, csv_text, parse_table, read_text
from .table import Table, to_number

JSON_LINES: Final = (".jsonl", ".ndjson")
PARQUET: Final = (".parquet", ".pq")
SUFFIXES: Final = (".csv", *SEPARATORS, *JSON_LINES, *PARQUET)
"""What names of table files end in, in lower case; what ends otherwise is read as CSV."""


def read_table(path: Path) -> Table:
    """Read a table: CSV, TSV, JSON lines or Parquet, by its suffix; text in UTF-8, or UTF-16 with its mark.

    Raises:
        UsageError: if it cannot be read, has no header, repeats a column, or a line has more or fewer values
    """
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        return parquet.read(path)
    if suffix in JSON_LINES:
        return json_lines.read(path)
    return parse_table(path, read_text(path))


def is_table(path: Path) -> bool:
    """Whether a name is that of a table."""
    return path.suffix.lower() in SUFFIXES


def require_format(path: Path) -> None:
    """Make sure that tables of a name's format can be read and written here.

    Raises:
        UsageError: if the format needs what is not installed
    """
    if path.suffix.lower() in PARQUET:
        parquet.require(path)


def write_table(path: Path, table: Table, numeric: Iterable[str] = ()) -> None:
    """Write a table whole, in the format of its suffix; numbers are numbers where the format has them.

    Args:
        path: the file; what was there is replaced once the new one is whole
        table: what to write
        numeric: columns of numbers, whatever their values; others are where all their values are

    Raises:
        OutputError: if it cannot be written
        UsageError: if the format needs what is not installed
    """
    numbers = frozenset(numeric) | frozenset(filter(table.is_numeric, table.columns))
    suffix = path.suffix.lower()
    with written_whole(path) as unfinished:
        if suffix in PARQUET:
            parquet.write(unfinished, table.columns, _typed(table.rows, numbers), numbers)
        elif suffix in JSON_LINES:
            _write_lines(unfinished, json_lines.lines(_typed(table.rows, numbers)))
        else:
            _write_lines(unfinished, csv_text(table.columns, table.rows, SEPARATORS.get(suffix, ",")))


def _typed(rows: Iterable[Mapping[str, str]], numbers: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Rows with numbers in the columns of numbers, and nothing where there is none."""
    for row in rows:
        yield {name: _number(text) if name in numbers else text for name, text in row.items()}


def _number(text: str) -> float | None:
    value = to_number(text)
    return None if value != value else value


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
