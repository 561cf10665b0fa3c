"""Tables as Parquet files, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from .json_lines import as_text
from .table import Table

ROWS_AT_A_TIME: Final = 10_000


def read(path: Path) -> Table:
    """Read a file; columns of lists or structures are text as they are in JSON.

    Raises:
        UsageError: if it cannot be read, is no Parquet file, or pyarrow is not installed
    """
    pyarrow, parquet = _arrow(path)
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    try:
        with parquet.ParquetFile(path) as file:
            columns = tuple(file.schema_arrow.names)
            rows = tuple(
                {name: as_text(value) for name, value in row.items()}
                for batch in file.iter_batches(ROWS_AT_A_TIME)
                for row in batch.to_pylist()
            )
    except (OSError, pyarrow.ArrowException) as error:
        raise UsageError(f"{path}: is no Parquet file that can be read ({error})") from error
    return Table(path, columns, rows)


def write(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, Any]], numeric: Iterable[str]) -> None:
    """Write a file, some rows at a time.

    Args:
        path: the file
        columns: their names, in order
        rows: of text, or of numbers in the columns of ``numeric``; None where there is nothing
        numeric: names of the columns of numbers

    Raises:
        OSError: if it cannot be written
        UsageError: if pyarrow is not installed
    """
    pyarrow, parquet = _arrow(path)
    numbers = frozenset(numeric)
    schema = pyarrow.schema([(name, pyarrow.float64() if name in numbers else pyarrow.string()) for name in columns])
    with parquet.ParquetWriter(path, schema) as writer:
        remaining = iter(rows)
        while some := list(islice(remaining, ROWS_AT_A_TIME)):
            writer.write_table(pyarrow.Table.from_pylist(some, schema))


def require(path: Path) -> None:
    """Make sure that Parquet files can be read and written here.

    Raises:
        UsageError: if pyarrow is not installed; names the file that needs it
    """
    _arrow(path)


def _arrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(f"{path}: Parquet needs pyarrow: pip install 'fiftyone-deepmse[parquet]'") from None
    return pyarrow, pyarrow.parquet
