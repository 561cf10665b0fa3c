"""Tables written row by row, so that rows outlive the process, and gone on with."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import OutputError, UsageError
from ..files import kind_of_file, locked, read_bytes, resumable, write_whole
from ..tables import Table, csv_line, is_table, parse_table, read_table, require_format, to_number, write_table


class RowWriter:
    """Writes a table's rows with what is found of each as they come, so that they outlive the process.

    ``OUT.csv`` itself grows and is always valid. Another format, by the file's suffix, is written whole at the end;
    until then the rows are in ``OUT.parquet.part.csv``. ``OUT.csv.run.json`` records what decides what is found;
    resuming under others is refused.

    Args:
        path: the file to write
        table: whose rows they are
        columns: of the file, the table's first
        numbers: those of the others that hold numbers
        settings: of the run, as JSON can hold them
        decisive: those that decide what is found
        resume: keep the rows that the file has, in ``kept``, and add the rest; otherwise the file is written anew

    Raises:
        UsageError: if the file is the table itself or, when it is entered, another process writes the file or what is
            to be resumed belongs to other rows or settings
        OutputError: if the file cannot be written
    """

    def __init__(
        self,
        path: Path,
        table: Table,
        columns: Sequence[str],
        *,
        numbers: Sequence[str] = (),
        settings: Mapping[str, Any],
        decisive: Sequence[str],
        resume: bool = False,
    ) -> None:
        check_output(path, table)
        self._table = table
        self._columns = tuple(columns)
        self._numbers = tuple(numbers)
        self._settings = settings
        self._decisive = {name: settings[name] for name in decisive}
        self._resume = resume
        self._lock = ExitStack()
        self.path = path
        self._record = Path(f"{path}.run.json")
        self.rows_path = path if not is_table(path) or path.suffix.lower() == ".csv" else Path(f"{path}.part.csv")
        self.kept: tuple[Mapping[str, str], ...] = ()

    def __enter__(self) -> Self:
        self._lock.enter_context(locked(self.path))
        try:
            self._begin()
            # Unbuffered: what cannot be written is known at once, and never tried again on closing.
            self._file = self._lock.enter_context(self.rows_path.open("ab", buffering=0))
        except OSError as error:
            self._lock.close()
            raise OutputError(f"{self.path}: cannot be written ({error.strerror or error})") from error
        except BaseException:
            self._lock.close()
            raise
        return self

    def forget(self) -> None:
        """Remove what was written."""
        self.rows_path.unlink()
        self._record.unlink()

    def _begin(self) -> None:
        record = self._record
        rows = self.rows_path
        if self._resume and not rows.exists() and self.path.exists():
            write_table(rows, read_table(self.path))
        whole = _whole_rows(rows.read_bytes()) if self._resume and rows.exists() else b""
        if whole:
            self.kept = self._rows_to_keep(whole)
            if self.kept and _decisive(record) != self._decisive:
                raise UsageError(
                    f"{self.path}: was made with other settings (see {record.name}); leave --resume away"
                )
            os.truncate(rows, len(whole))
        else:
            rows.write_bytes(csv_line(self._columns).encode())
        content = json.dumps({"decisive": self._decisive, "run": dict(self._settings)}, indent=2) + "\n"
        write_whole(record, content.encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self.rows_path != self.path:
                write_table(self.path, read_table(self.rows_path), self._numbers)
                self.rows_path.unlink()
        finally:
            self._lock.close()

    def append(self, row: Mapping[str, str]) -> None:
        """Append one row, so that it outlives this process.

        Args:
            row: a cell for each column

        Raises:
            OutputError: if there is no room for it; the rows before it are kept
        """
        line = csv_line(row[column] for column in self._columns).encode()
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise resumable(self.path, error) from error

    def _rows_to_keep(self, whole: bytes) -> tuple[Mapping[str, str], ...]:
        written = parse_table(self.rows_path, _text(self.rows_path, whole))
        if written.columns != self._columns:
            raise UsageError(
                f"{self.path}: cannot be resumed, its columns are {', '.join(written.columns)} and not "
                f"{', '.join(self._columns)}"
            )
        if len(written.rows) > len(self._table.rows):
            raise UsageError(f"{self.path}: cannot be resumed, it has more rows than {self._table.path}")
        for index, (old, new) in enumerate(zip(written.rows, self._table.rows, strict=False)):
            if not all(_same(old[column], new[column]) for column in self._table.columns):
                raise UsageError(f"{self.path}: cannot be resumed, row {index + 1} is not that of {self._table.path}")
        return written.rows


def _same(one: str, other: str) -> bool:
    """Whether two cells hold the same text or, as formats write it in their own ways, the same number."""
    try:
        return one == other or to_number(one) == to_number(other)
    except ValueError:
        return False


def check_output(path: Path, table: Table) -> None:
    """Check that rows may be written to a file.

    Raises:
        UsageError: if it is the table itself, a folder or device, or of a format that needs what is not
            installed
    """
    require_format(path)
    if path.resolve() == table.path.resolve():
        raise UsageError(f"{path}: is the table of pairs itself; write to another file")
    if path.exists() and (kind := kind_of_file(path.stat().st_mode)):
        raise UsageError(f"{path}: cannot be written, it is {kind}")


def _decisive(record: Path) -> Any:
    """What decided the scores of an earlier run."""
    if not record.exists():
        raise UsageError(f"{record}: no such file; without it, which has its settings, nothing can be resumed")
    try:
        return json.loads(read_bytes(record))["decisive"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{record}: is damaged or no record of a run; leave --resume away to start anew") from error


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is no table that can be resumed ({error})") from error


def _whole_rows(data: bytes) -> bytes:
    """The file up to the end of its last whole row: the last newline outside quotes."""
    end = data.rfind(b"\n") + 1
    while data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end - 1) + 1
    return data[:end]
