"""Reading what datasets publish, with errors that name file, column and line."""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..tables import read_table, read_text, to_number
from .records import Record

_HEADER_ROWS: Final = 20


def read_csv(path: Path, columns: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Line number and values of each filled row of a CSV file with a header, without the space around them.

    Raises:
        UsageError: as :func:`~deepmse.plugin.tables.read_table`, or the file lacks one of ``columns``
    """
    table = read_table(path)
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise UsageError(f"{path}: no column {', '.join(absent)}")
    stripped = ({name: cell.strip() for name, cell in row.items()} for row in table.rows)
    return [(line, row) for line, row in zip(table.lines, stripped, strict=True) if any(row.values())]


def read_lines(path: Path, separator: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each line of a text file that is not blank.

    Raises:
        UsageError: the file is missing or is not text
    """
    for line, text in enumerate(read_text(path).splitlines(), start=1):
        if text.strip():
            yield line, [part.strip() for part in text.split(separator)]


def read_xlsx(path: Path, columns: Iterable[str], sheet: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and values of each row of a worksheet that has the first column filled, below the header.

    Args:
        path: the workbook
        columns: those to read, wherever they stand; the first row that has them all is the header
        sheet: the worksheet; by default the first

    Raises:
        UsageError: the file is missing, is no workbook, or lacks the sheet or one of ``columns``
    """
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # Damaged files raise almost anything.
        raise UsageError(f"{path}: cannot be read as an Excel workbook ({error})") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise UsageError(f"{path}: no sheet {sheet!r}; there are {', '.join(book.sheetnames)}")
        rows = enumerate(_sheet_rows(book, sheet, path), start=1)
        wanted = list(columns)
        header = next((row for _, row in islice(rows, _HEADER_ROWS) if set(wanted) <= set(row)), None)
        if header is None:
            raise UsageError(f"{path}: no row with the columns {', '.join(wanted)}")
        for column in wanted:
            if header.count(column) > 1:
                raise UsageError(f"{path}: two columns are called {column!r}")
        places = [header.index(column) for column in wanted]
        for line, row in rows:
            # Rows of a sheet that does not say its dimensions end with their last filled cell.
            cells = [row[place] if place < len(row) else None for place in places]
            if cells[0] is not None:
                yield line, dict(zip(wanted, cells, strict=True))
    finally:
        book.close()


def _sheet_rows(book: Any, sheet: str | None, path: Path) -> Iterator[list[Any]]:
    """Cells of each row, read from the file as they are asked for."""
    try:
        for row in book[sheet or book.sheetnames[0]].iter_rows(values_only=True):
            yield [_stripped(cell) for cell in row]
    except Exception as error:  # Damaged files raise almost anything.
        raise UsageError(f"{path}: cannot be read as an Excel workbook ({error})") from error


def _stripped(cell: Any) -> Any:
    """A text without the space around it, None where nothing is left; another value as it is."""
    return (cell.strip() or None) if isinstance(cell, str) else cell


def read_mat(path: Path, **kinds: type[str] | type[float]) -> list[NDArray[Any]]:
    """Variables of a MATLAB file, each as one dimension, be they arrays or cell arrays.

    Args:
        path: the file
        kinds: what each variable holds, texts or numbers, by its name

    Raises:
        UsageError: the file is missing, is no MATLAB file before version 7.3, lacks one of the variables, or there is
            something else in one
    """
    from scipy.io import loadmat

    try:
        content = loadmat(path)
    except Exception as error:  # Damaged files raise almost anything.
        raise UsageError(f"{path}: cannot be read as a MATLAB file ({error})") from error
    absent = [name for name in kinds if name not in content]
    if absent:
        raise UsageError(f"{path}: no variable {', '.join(absent)}")
    return [_flat(content[name], kind, f"{path}: {name}") for name, kind in kinds.items()]


def _flat(variable: NDArray[Any], kind: type, label: str) -> NDArray[Any]:
    cells = [np.asarray(cell) for cell in variable.ravel()]
    if any(cell.size != 1 or cell.dtype.kind not in ("U" if kind is str else "buif") for cell in cells):
        raise UsageError(f"{label} has values that are not {'texts' if kind is str else 'numbers'}")
    values = np.array([cell.item() for cell in cells])
    return np.char.strip(values) if kind is str else values.astype(float)


def finite(values: NDArray[Any], label: str) -> NDArray[Any]:
    """The numbers themselves; UsageError where one of them is not finite."""
    if not np.isfinite(values).all():
        raise UsageError(f"{label} has values that are not finite numbers")
    return values


def number(row: Mapping[str, Any], column: str, path: Path, line: int) -> float:
    """The finite number in a row's column; UsageError naming file, line and column where there is none."""
    value = row[column]
    try:
        found = to_number(value)
    except ValueError as error:
        raise UsageError(f"{path}, line {line}: {column} is {value!r}, {error}") from None
    if not math.isfinite(found):
        raise UsageError(f"{path}, line {line}: {column} is {value!r}, not a number")
    return found


def require_folder(path: Path) -> None:
    """UsageError where there is no such folder."""
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder")


def missing_files(records: Iterable[Record]) -> list[Path]:
    """Images that the records name and that are not there, each once."""
    named = dict.fromkeys(path for record in records for path in (record.dist, record.ref) if path)
    return [path for path in named if not path.is_file()]
