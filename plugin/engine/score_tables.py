"""Tables of pairs to items, and their scores as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from ..images import is_remote
from ..metrics import MetricInfo, metric_info
from ..tables import Table
from .records import Item, Score
from .row_writer import RowWriter

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


class ScoreWriter(RowWriter):
    """Writes a pairs table's rows with their scores as they come.

    Args:
        path: the file to write
        pairs: the table that the scores belong to
        metrics: metric names
        settings: :meth:`~deepmse.plugin.engine.scorer.Scorer.describe` of the run
        resume: keep the rows that the file has; otherwise it is written anew
        details: also write what metrics tell beside their scores

    Raises:
        UsageError: as :class:`RowWriter`, or if an output column would overwrite one of the table's
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
        self._pairs, self._metrics, self._details = pairs, tuple(metrics), details
        infos = [metric_info(name) for name in self._metrics]
        words = {f"{info.field}_{name}" for info in infos for name in ("grade", "domain")}
        super().__init__(
            path,
            pairs,
            output_columns(pairs, metrics, details=details),
            numbers=[column for info in infos for column in _score_columns(info, details) if column not in words],
            settings=settings,
            decisive=("metrics", "max_pixels"),
            resume=resume,
        )

    def write(self, score: Score) -> dict[str, str]:
        """Append one row, so that it outlives this process.

        Returns:
            the row

        Raises:
            OutputError: if there is no room for it; the rows before it are kept
        """
        row = row_of(self._pairs, self._metrics, score, details=self._details)
        self.append(row)
        return row


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
