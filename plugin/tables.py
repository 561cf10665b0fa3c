"""CSV tables of pairs and scores: read whole, written as the scores come, safe to resume."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from .engine.scorer import Item, Score
from .errors import UsageError
from .metrics import MetricInfo, metric_info

ERROR: Final = "error"


@dataclass(frozen=True)
class Table:
    """A CSV file in memory.

    Args:
        path: where it was read from
        columns: the header
        rows: one mapping a line, every value as text
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]

    def require(self, *names: str) -> None:
        """Make sure that the columns are there.

        Raises:
            UsageError: naming the missing one and those there are
        """
        for name in names:
            if name not in self.columns:
                raise UsageError(f"{self.path}: no column {name!r}; there are {', '.join(self.columns)}")

    def numbers(self, name: str) -> list[float]:
        """A column as numbers, NaN where it is empty.

        Raises:
            UsageError: naming the first row that holds something else
        """
        self.require(name)
        values = []
        for number, row in enumerate(self.rows, start=1):
            try:
                values.append(float(row[name].strip() or "nan"))
            except ValueError:
                raise UsageError(f"{self.path}, row {number}: {row[name]!r} in {name!r} is not a number") from None
        return values


def read_table(path: Path) -> Table:
    """Read a CSV file with a header.

    Raises:
        UsageError: if it cannot be read, has no header, repeats a column, or a line has more or fewer values
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a CSV file in UTF-8 ({error})") from error
    return _parse(path, text)


def _parse(path: Path, text: str) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, values) for values in reader if values]
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from error
    if not lines:
        raise UsageError(f"{path}: empty; the first line must name the columns")
    columns = tuple(name.strip() for name in lines[0][1])
    if len(set(columns)) < len(columns):
        repeated = next(name for name in columns if columns.count(name) > 1)
        raise UsageError(f"{path}: two columns are called {repeated!r}")
    for number, values in lines[1:]:
        if len(values) != len(columns):
            raise UsageError(f"{path}, line {number}: {len(values)} values for {len(columns)} columns")
    return Table(path, columns, tuple(dict(zip(columns, values, strict=True)) for _, values in lines[1:]))


def items(table: Table, *, dist: str = "dist", ref: str | None = "ref") -> list[Item]:
    """The pairs of a table, keyed by row number from 0; relative paths start at the table's folder.

    Space around a path does not count. A row that names no distorted image has the path "", which gets no score.

    Args:
        table: the table
        dist: column of the distorted images
        ref: column of the references; None where no metric needs one

    Raises:
        UsageError: if a column is missing
    """
    table.require(dist, *([ref] if ref else []))

    def path(row: Mapping[str, str], column: str) -> Path | None:
        name = row[column].strip()
        return table.path.parent / name if name else None

    return [
        Item(index, path(row, dist) or "", path(row, ref) if ref else None) for index, row in enumerate(table.rows)
    ]


class ScoreWriter:
    """Writes a pairs table's rows with their scores as they come: what is on disk is always valid CSV.

    ``OUT.csv.run.json`` beside ``OUT.csv`` records what decides the scores; resuming under others is refused.

    Args:
        path: the file to write
        pairs: the table that the scores belong to
        metrics: metric names
        settings: :meth:`~deepmse.plugin.engine.scorer.Scorer.describe` of the run
        resume: keep the rows that the file has, in ``kept``, and add the rest; otherwise the file is written anew
        details: also write what metrics tell beside their scores

    Raises:
        UsageError: if the file cannot be written or is the table itself, an output column would overwrite one of the
            table's, or what is to be resumed belongs to other pairs, metrics or settings
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
        self.kept: tuple[Mapping[str, str], ...] = ()
        if path.resolve() == pairs.path.resolve():
            raise UsageError(f"{path}: is the table of pairs itself; write to another file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._begin(settings, resume)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be written ({error})") from error

    def _begin(self, settings: Mapping[str, Any], resume: bool) -> None:
        record = Path(f"{self.path}.run.json")
        decisive = {"metrics": settings["metrics"], "max_pixels": settings["max_pixels"]}
        if resume and self.path.exists() and (whole := _whole_rows(self.path.read_bytes())):
            self.kept = self._rows_to_keep(whole)
            if self.kept and not record.exists():
                raise UsageError(f"{self.path}: cannot be resumed without {record.name}, which has its settings")
            if self.kept and json.loads(record.read_text())["decisive"] != decisive:
                raise UsageError(
                    f"{self.path}: was made with other settings (see {record.name}); leave --resume away"
                )
            os.truncate(self.path, len(whole))
        else:
            self.path.write_bytes(_line(self._columns))
        part = Path(f"{record}.part")
        part.write_text(json.dumps({"decisive": decisive, "run": dict(settings)}, indent=2) + "\n")
        part.replace(record)

    def __enter__(self) -> Self:
        self._file = self.path.open("ab")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, score: Score) -> None:
        """Append one row, so that it outlives this process."""
        self._file.write(_line(row_of(self._pairs, self._metrics, score, details=self._details).values()))
        self._file.flush()

    def _rows_to_keep(self, whole: bytes) -> tuple[Mapping[str, str], ...]:
        written = _parse(self.path, whole.decode())
        if written.columns != self._columns:
            raise UsageError(
                f"{self.path}: cannot be resumed, its columns are {', '.join(written.columns)} and not "
                f"{', '.join(self._columns)}"
            )
        if len(written.rows) > len(self._pairs.rows):
            raise UsageError(f"{self.path}: cannot be resumed, it has more rows than {self._pairs.path}")
        for index, (old, new) in enumerate(zip(written.rows, self._pairs.rows, strict=False)):
            if any(old[column] != new[column] for column in self._pairs.columns):
                raise UsageError(f"{self.path}: cannot be resumed, row {index + 1} is not that of {self._pairs.path}")
        return written.rows


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
    for column in added:
        if column in pairs.columns:
            raise UsageError(f"{pairs.path}: has a column {column!r} already; rename or remove it first")
    return (*pairs.columns, *added)


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
        row |= {column: _text(values.get(column)) for column in _score_columns(info, details)}
    return {**row, ERROR: score.error}


def _score_columns(info: MetricInfo, details: bool) -> list[str]:
    told = {"std": info.has_deviation, "percentile": info.has_percentile, "grade": bool(info.grades)}
    return [info.field, *(f"{info.field}_{name}" for name, is_told in told.items() if details and is_told)]


def _text(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.9g}"


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Lines of a CSV file, header first."""
    yield _line(columns).decode()
    for row in rows:
        yield _line(row[column] for column in columns).decode()


def _line(values: Any) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue().encode()
