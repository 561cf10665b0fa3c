"""Reading what datasets publish, with errors that name file, column and line."""

import csv
import math
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import UsageError
from .records import Record

IMAGE_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

DECODE_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise on damaged files."""

_HEADER_ROWS: Final = 20


def read_csv(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Rows of a CSV file with a header.

    Raises:
        UsageError: the file is missing, is not text, or lacks one of ``columns``
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            absent = [column for column in columns if column not in (reader.fieldnames or ())]
            if absent:
                raise UsageError(f"{path}: no column {', '.join(absent)}")
            return list(reader)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: {error}") from error


def read_lines(path: Path, separator: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each line of a text file that is not blank.

    Raises:
        UsageError: the file is missing or is not text
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    for line, text in enumerate(lines, start=1):
        if text.strip():
            yield line, [part.strip() for part in text.split(separator)]


def read_xlsx(path: Path, columns: Iterable[str], sheet: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and values of each filled row of a worksheet, below the first row that has all ``columns``.

    Args:
        path: the workbook
        columns: those to read, wherever they stand
        sheet: the worksheet; by default the first

    Raises:
        UsageError: the file is missing, is no workbook, or lacks the sheet or one of ``columns``
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, InvalidFileException) as error:
        raise UsageError(f"{path}: cannot be read as an Excel workbook ({error})") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise UsageError(f"{path}: no sheet {sheet!r}; there are {', '.join(book.sheetnames)}")
        rows = enumerate(book[sheet or book.sheetnames[0]].iter_rows(values_only=True), start=1)
        wanted = list(columns)
        header = next((row for _, row in islice(rows, _HEADER_ROWS) if set(wanted) <= set(row)), None)
        if header is None:
            raise UsageError(f"{path}: no row with the columns {', '.join(wanted)}")
        places = [header.index(column) for column in wanted]
        for line, row in rows:
            # Rows of a sheet that does not say its dimensions end with their last filled cell.
            cells = [row[place] if place < len(row) else None for place in places]
            values = dict(zip(wanted, cells, strict=True))
            if any(cell is not None for cell in cells):
                yield line, values
    finally:
        book.close()


def read_mat(path: Path, *names: str) -> list[NDArray[Any]]:
    """Variables of a MATLAB file, each as one dimension; cell arrays of text as text.

    Raises:
        UsageError: the file is missing, is no MATLAB file before version 7.3, lacks one of ``names``, or has in it
            what is neither a finite number nor a text
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path)
    except (OSError, ValueError, TypeError, NotImplementedError, MatReadError, zlib.error) as error:
        raise UsageError(f"{path}: cannot be read as a MATLAB file ({error})") from error
    absent = [name for name in names if name not in content]
    if absent:
        raise UsageError(f"{path}: no variable {', '.join(absent)}")
    return [_flat(content[name], f"{path}: {name}") for name in names]


def _flat(variable: NDArray[Any], label: str) -> NDArray[Any]:
    if variable.dtype != object:
        if not np.isfinite(variable).all():
            raise UsageError(f"{label} has values that are not finite numbers")
        return variable.ravel()
    cells = [np.asarray(cell) for cell in variable.ravel()]
    if any(cell.size != 1 or cell.dtype.kind != "U" for cell in cells):
        raise UsageError(f"{label} has cells that are not texts")
    return np.array([cell.item() for cell in cells])


def number(row: Mapping[str, Any], column: str, path: Path, line: int) -> float:
    """The finite number in a row's column; UsageError naming file, line and column where there is none."""
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{path}, line {line}: {column} is {row[column]!r}, not a number")
    return value


def require_folder(path: Path) -> None:
    """UsageError where there is no such folder."""
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder")


def missing_files(records: Iterable[Record]) -> list[Path]:
    """Images that the records name and that are not there, each once."""
    named = dict.fromkeys(path for record in records for path in (record.dist, record.ref) if path)
    return [path for path in named if not path.is_file()]
