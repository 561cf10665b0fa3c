"""Tables as text: CSV and TSV."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from ..files import read_bytes
from .table import Table

SEPARATORS: Final = {".tsv": "\t", ".tab": "\t"}
"""By suffix, where it is no comma; another separator is told and not guessed."""


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
    """A table with a header: TSV where the name ends in ``.tsv`` or ``.tab``, else CSV.

    Space around the names of columns, and before a value, does not count. Lines without anything are passed over.

    Raises:
        UsageError: if it has no header, repeats a column, or a line has more or fewer values
    """
    separator = SEPARATORS.get(path.suffix.lower(), ",")
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


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, Any]], separator: str = ",") -> Iterator[str]:
    """Lines of a CSV file, or of one with another separator, header first; a row's value of None is an empty one."""
    names = tuple(columns)
    yield csv_line(names, separator)
    for row in rows:
        yield csv_line((row[name] for name in names), separator)


def csv_line(values: Iterable[Any], separator: str = ",") -> str:
    """One line of a CSV file, or of one with another separator."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", delimiter=separator).writerow(values)
    return buffer.getvalue()
