"""Statistics by group as a table of coloured cells: of one metric all of them, of several metrics one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..evaluation import Row
from .common import INK, MISSING, Figure, shorten, table_layout

_ROW_HEIGHT: Final = 30

_Scale = tuple[tuple[float, str], ...]

# From -1 to 1. Colour changes fastest above 0.5, where metrics differ; red says that the sign is wrong.
_CORRELATION: Final[_Scale] = (
    (0.0, "#e2675c"),
    (0.4999, "#f2b8b0"),
    (0.5, "#f5f0e6"),
    (0.75, "#f6e3a8"),
    (0.875, "#a3dab4"),
    (0.965, "#63bfae"),
    (1.0, "#3d97b5"),
)
# From the least error shown to the largest.
_ERROR: Final[_Scale] = ((0.0, "#63bfae"), (0.5, "#f6e3a8"), (1.0, "#e08a6d"))


@dataclass(frozen=True)
class Statistic:
    """A statistic that can be shown.

    Args:
        name: of the attribute of ``Row``
        title: in print
        spec: how its values are written in a cell
        full: how they are written where there is room
        unit: what follows there
        is_correlation: from -1 to 1, higher is better; else an error, lower is better
    """

    name: str
    title: str
    spec: str
    full: str = ".5g"
    unit: str = ""
    is_correlation: bool = False

    def write(self, row: Row) -> str:
        """The value in a cell."""
        value = getattr(row, self.name)
        return MISSING if value is None else format(value, self.spec)

    def explain(self, row: Row) -> str:
        """The value in full: with its interval, the number of images, or why there is none."""
        value = getattr(row, self.name)
        if value is None:
            said = f"no {self.title}: {row.reason or 'the target has no standard deviations'}"
        else:
            said = f"{self.title} = {value:{self.full}}{self.unit}"
            if interval := row.intervals.get(self.name):
                said += "<br>95 % interval {:.4g} to {:.4g}".format(*interval)
        missing = f", {row.n_missing:,} more without score or target" if row.n_missing else ""
        return f"{said}<br>n = {row.n:,}{missing}"


STATISTICS: Final = {
    statistic.name: statistic
    for statistic in (
        Statistic("srcc", "SRCC", ".3f", is_correlation=True),
        Statistic("krcc", "KRCC", ".3f", is_correlation=True),
        Statistic("plcc", "PLCC", ".3f", is_correlation=True),
        Statistic("rmse", "RMSE", ".4g", unit=" in the target's units"),
        Statistic("mae", "MAE", ".4g", unit=" in the target's units"),
        Statistic("outlier_ratio", "Outliers", ".1%", ".2%", " further off than two standard deviations"),
    )
}
_COUNT: Final = Statistic("n", "n", ",")


@dataclass(frozen=True)
class _Cell:
    column: str
    group: str
    statistic: Statistic
    row: Row


def statistics_table(rows: Sequence[Row]) -> Figure:
    """All statistics of one metric by group, a number in every cell.

    Only correlations are coloured, on one fixed scale from -1 to 1: errors are in the target's units and have no
    colour that could be compared.

    Args:
        rows: one row for each group, in the order to show
    """
    shown = [
        statistic
        for statistic in STATISTICS.values()
        if statistic.name != "outlier_ratio" or any(row.outlier_ratio is not None for row in rows)
    ]
    columns = {statistic.name: statistic.title for statistic in (*shown, _COUNT)}
    cells = [_Cell(s.name, row.group, s, row) for row in rows for s in (*shown, _COUNT)]
    coloured = [statistic.name for statistic in shown if statistic.is_correlation]
    return _table(cells, coloured, columns, [row.group for row in rows])


def metric_heatmap(rows: Mapping[str, Sequence[Row]], statistic: str, titles: Mapping[str, str]) -> Figure:
    """One statistic of several metrics by group, a number in every cell.

    Correlations are coloured on one fixed scale from -1 to 1, errors from the least to the largest shown.

    Args:
        rows: for each metric one row for each group, in the order to show
        statistic: one of ``STATISTICS``
        titles: each metric's, in print
    """
    kind = STATISTICS[statistic]
    cells = [_Cell(metric, row.group, kind, row) for metric, its_rows in rows.items() for row in its_rows]
    groups = list(dict.fromkeys(cell.group for cell in cells))
    return _table(cells, list(rows), {metric: titles[metric] for metric in rows}, groups)


def _table(
    cells: Sequence[_Cell], coloured: Sequence[str], columns: Mapping[str, str], groups: Sequence[str]
) -> Figure:
    by_place = {(cell.group, cell.column): cell for cell in cells}
    in_colour = {place: cell for place, cell in by_place.items() if cell.column in coloured}
    values = [
        [getattr(in_colour[group, column].row, in_colour[group, column].statistic.name) for column in coloured]
        for group in groups
    ]
    plain = [
        cell
        for place, cell in by_place.items()
        if place not in in_colour or cell.statistic.write(cell.row) == MISSING
    ]
    first = cells[0].statistic
    data = [
        {
            "type": "heatmap",
            "x": list(coloured),
            "y": list(groups),
            "z": values,
            **_colours(first, values),
            "showscale": False,
            "xgap": 3,
            "ygap": 3,
            "hoverongaps": False,
            "texttemplate": f"%{{z:{first.spec}}}",
            "textfont": {"color": INK},
            "customdata": [[_hover(by_place[group, column], columns) for column in coloured] for group in groups],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "text",
            "x": [cell.column for cell in plain],
            "y": [cell.group for cell in plain],
            "text": [cell.statistic.write(cell.row) for cell in plain],
            "customdata": [_hover(cell, columns) for cell in plain],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    ]
    labels = {group: shorten(group) for group in groups}
    labels[groups[0]] = f"<b>{labels[groups[0]]}</b>"  # the whole
    return Figure(data, table_layout(columns, labels, _ROW_HEIGHT))


def _colours(statistic: Statistic, values: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    if statistic.is_correlation:
        return {"zmin": -1, "zmax": 1, "colorscale": [list(stop) for stop in _CORRELATION]}
    known = [value for row in values for value in row if value is not None] or [0.0]
    return {"zmin": min(known), "zmax": max(known), "colorscale": [list(stop) for stop in _ERROR]}


def _hover(cell: _Cell, columns: Mapping[str, str]) -> str:
    metric = f", {columns[cell.column]}" if cell.column == cell.row.metric else ""
    return f"<b>{cell.group}</b>{metric}<br>{cell.statistic.explain(cell.row)}"
