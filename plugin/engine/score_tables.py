"""Tables of pairs to items, and their scores written as they come, safe to resume."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ..errors import OutputError, UsageError
from ..files import kind_of_file, locked, read_bytes, resumable, write_whole
from ..images import is_remote
from ..metrics import MetricInfo, metric_info
from ..tables import Table, csv_line, is_table, parse_table, read_table, require_format, to_number, write_table
from .records import Item, Score

ERROR: Final = "error"


def items(table: Table, *, dist: str = "dist", ref: str | None = "ref") -> list[Item]:
    """The pairs of a table, keyed by row number from 0; relative paths start at the table's root.
    Remote ones, such as ``s3://bucket/a.png``, stay as they are.

    Space around a path does not count. A row that names no distorted image has the path "", which gets no score.

    Args:
        table: the table
        dist: column of the distorted images
        ref: column of the references; None where no metric needs one

    Raises:
        UsageError: if a column is missing
    """
    table.require(dist, *([ref] if ref else []))

    def path(row: Mapping[str, str], column: str) -> str | Path | None:
        name = row[column].strip()
        if not name:
            return None
        return name if is_remote(name) else table.root / name

    return [
        Item(index, path(row, dist) or "", path(row, ref) if ref else None) for index, row in enumerate(table.rows)
    ]


class ScoreWriter:
    """Writes a pairs table's rows with their scores as they come, so that they outlive the process.

    ``OUT.csv`` itself grows and is always valid. Another format, by the file's suffix, is written whole at the end;
    until then the rows are in ``OUT.parquet.part.csv``. ``OUT.csv.run.json`` records what decides the
    scores; resuming under others is refused.

    Args:
        path: the file to write
        pairs: the table that the scores belong to
        metrics: metric names
        settings: :meth:`~deepmse.plugin.engine.scorer.Scorer.describe` of the run
        resume: keep the rows that the file has, in ``kept``, and add the rest; otherwise the file is written anew
        details: also write what metrics tell beside their scores

    Raises:
        UsageError: if the file is the table itself, an output column would overwrite one of the table's, or, when it
            is entered, another process writes the file or what is to be resumed belongs to other pairs or settings
        OutputError: if the file cannot be written
    """

    def __init__(
        self,
        path: Path,
        pairs: Table,
        metrics: Sequence[str],
        settings: Mapping[str, Any],
        *,
        resume: bool = False,
        details: bool = False,
    ) -> None:
        self._pairs = pairs
        self._metrics = tuple(metrics)
        self._details = details
        self._columns = output_columns(pairs, metrics, details=details)
        self.path = path
        self.rows_path = path if not is_table(path) or path.suffix.lower() == ".csv" else Path(f"{path}.part.csv")
        self.kept: tuple[Mapping[str, str], ...] = ()
        check_output(path, pairs)
        self._lock = ExitStack()
        self._settings, self._resume = settings, resume

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

    def _begin(self) -> None:
        record = Path(f"{self.path}.run.json")
        rows = self.rows_path
        if self._resume and not rows.exists() and self.path.exists():
            write_table(rows, read_table(self.path))
        settings = self._settings
        decisive = {"metrics": settings["metrics"], "max_pixels": settings["max_pixels"]}
        whole = _whole_rows(rows.read_bytes()) if self._resume and rows.exists() else b""
        if whole:
            self.kept = self._rows_to_keep(whole)
            if self.kept and _decisive(record) != decisive:
                raise UsageError(
                    f"{self.path}: was made with other settings (see {record.name}); leave --resume away"
                )
            os.truncate(rows, len(whole))
        else:
            rows.write_bytes(csv_line(self._columns).encode())
        content = json.dumps({"decisive": decisive, "run": dict(settings)}, indent=2) + "\n"
        write_whole(record, content.encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self.rows_path != self.path:
                infos = map(metric_info, self._metrics)
                numbers = [
                    column
                    for info in infos
                    for column in _score_columns(info, self._details)
                    if column not in (f"{info.field}_grade", f"{info.field}_domain")
                ]
                write_table(self.path, read_table(self.rows_path), numbers)
                self.rows_path.unlink()
        finally:
            self._lock.close()

    def write(self, score: Score) -> dict[str, str]:
        """Append one row, so that it outlives this process.

        Returns:
            the row

        Raises:
            OutputError: if there is no room for it; the rows before it are kept
        """
        row = row_of(self._pairs, self._metrics, score, details=self._details)
        line = csv_line(row.values()).encode()
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise resumable(self.path, error) from error
        return row

    def _rows_to_keep(self, whole: bytes) -> tuple[Mapping[str, str], ...]:
        written = parse_table(self.rows_path, _text(self.rows_path, whole))
        if written.columns != self._columns:
            raise UsageError(
                f"{self.path}: cannot be resumed, its columns are {', '.join(written.columns)} and not "
                f"{', '.join(self._columns)}"
            )
        if len(written.rows) > len(self._pairs.rows):
            raise UsageError(f"{self.path}: cannot be resumed, it has more rows than {self._pairs.path}")
        for index, (old, new) in enumerate(zip(written.rows, self._pairs.rows, strict=False)):
            if not all(_same(old[column], new[column]) for column in self._pairs.columns):
                raise UsageError(f"{self.path}: cannot be resumed, row {index + 1} is not that of {self._pairs.path}")
        return written.rows


def _same(one: str, other: str) -> bool:
    """Whether two cells hold the same text or, as formats write it in their own ways, the same number."""
    try:
        return one == other or to_number(one) == to_number(other)
    except ValueError:
        return False


def check_output(path: Path, pairs: Table) -> None:
    """Check that scores may be written to a file.

    Raises:
        UsageError: if it is the table of pairs itself, a folder or device, or of a format that needs what is not
            installed
    """
    require_format(path)
    if path.resolve() == pairs.path.resolve():
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


def output_columns(pairs: Table, metrics: Sequence[str], *, details: bool = False) -> tuple[str, ...]:
    """The pairs' columns, one a metric, with ``details`` those of what it tells beside its score, and ``error``.

    Raises:
        UsageError: if the pairs have a column of such a name already
    """
    added = [column for name in metrics for column in _score_columns(metric_info(name), details)] + [ERROR]
    require_free(pairs, added)
    return (*pairs.columns, *added)


def require_free(table: Table, added: Iterable[str]) -> None:
    """Check that a table has none of the columns that are to be added.

    Raises:
        UsageError: it has one
    """
    for column in added:
        if column in table.columns:
            raise UsageError(f"{table.path}: has a column {column!r} already; rename or remove it first")


def row_of(pairs: Table, metrics: Sequence[str], score: Score, *, details: bool = False) -> dict[str, str]:
    """One output row; a score is written with the nine digits that identify a float32."""
    row = dict(pairs.rows[score.item.key])
    for info in map(metric_info, metrics):
        measured = score.measurements.get(info.name)
        values: dict[str, float | str | None] = {}
        if measured is not None:
            values[info.field] = measured.value
            values[f"{info.field}_std"] = measured.deviation
            values[f"{info.field}_percentile"] = measured.percentile
            values[f"{info.field}_grade"] = measured.grade
            values[f"{info.field}_domain"] = measured.domain
        row |= {column: _number_text(values.get(column)) for column in _score_columns(info, details)}
    return {**row, ERROR: score.error}


def _score_columns(info: MetricInfo, details: bool) -> list[str]:
    told = {
        "std": info.has_deviation,
        "percentile": info.has_percentile,
        "grade": bool(info.grades),
        "domain": info.has_domain,
    }
    return [info.field, *(f"{info.field}_{name}" for name, is_told in told.items() if details and is_told)]


def _number_text(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.9g}"
