"""Columns of scores in a table, and what the models behind them learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...plugin.errors import UsageError
from ...plugin.vocabulary import HIGHER, LOWER, SOURCE
from .. import terminal

if TYPE_CHECKING:
    from ...plugin.tables import Table

_DISTORTED = "dist"

#: The reference, and what the issues name in its place.
_PICTURES: Final = ("ref", SOURCE)


@dataclass(frozen=True)
class ScoreColumn:
    """A column of scores: its direction, and the name or file of the metric behind it; None where it is not known."""

    lower_is_better: bool
    metric: str | None


def score_columns(metrics: list[str] | None, table: Table) -> dict[str, ScoreColumn]:
    """The columns to evaluate, by name.

    Args:
        metrics: what was asked for: names of columns or metrics, each with ``:lower`` or ``:higher`` if it is to be
            turned so, and files of models; None for every known metric
        table: the table

    Raises:
        UsageError: there is no such column, or none of a known metric
    """
    from ...plugin.metrics import MODEL_SUFFIX, find_by_field, metric_info

    if metrics is None:
        known = {
            column: ScoreColumn(info.lower_is_better, info.name)
            for column in table.columns
            if (info := find_by_field(column))
        }
        if not known:
            columns = ", ".join(table.columns)
            raise UsageError(f"no column is named after a known metric; name one with -m ({columns})")
        return known
    found = {}
    for name in metrics:
        column, _, direction = name.rpartition(":") if name.endswith((f":{LOWER}", f":{HIGHER}")) else (name, "", "")
        is_model = column.endswith(MODEL_SUFFIX) and column not in table.columns
        info = metric_info(column) if is_model else find_by_field(column.replace("-", "_"))
        source = column if is_model else info.name if info else None
        column = info.field if info and column not in table.columns else column
        table.require(column)
        if not direction and info is None:
            terminal.warn([f"{column} is no known metric: taking higher as better; say {column}:lower if it is not"])
        lower = direction == LOWER if direction else bool(info and info.lower_is_better)
        found[column] = ScoreColumn(lower, source)
    return found


def picture_column(table: Table) -> str | None:
    """The column whose values say which images show the same picture; None where none does."""
    return next((name for name in _PICTURES if name in table.columns), None)


def without_learnt(table: Table, columns: Mapping[str, ScoreColumn], *, leave_out: bool) -> Table:
    """Say how many of a table's images the models behind its scores learnt from, and leave these out if asked to.

    Args:
        table: with a column of images, or nothing is said
        columns: the columns of scores, by name
        leave_out: whether to leave them out
    """
    from ...plugin.engine.score_tables import items
    from ...plugin.learning.learnt import learnt_from

    if _DISTORTED not in table.columns:
        return table
    images = [Path(item.dist) for item in items(table, ref=None)]
    learnt = [False] * len(images)
    for name, column in columns.items():
        among = None if column.metric is None else learnt_from(column.metric, images)
        if among is None or not among.any():
            continue
        learnt = [one or bool(other) for one, other in zip(learnt, among, strict=True)]
        said = f"{name} learnt from {among.sum():,} of these {len(images):,} images"
        if not leave_out:
            terminal.warn([f"{said}: its agreement here says little of new ones; --unseen leaves them out"])
        else:
            terminal.err.print(f"{said}: left out")
    if not leave_out or not any(learnt):
        return table
    kept = [index for index, is_learnt in enumerate(learnt) if not is_learnt]
    return replace(
        table,
        rows=tuple(table.rows[index] for index in kept),
        lines=tuple(table.lines[index] for index in kept if table.lines),
    )
