"""The panel's figures as Plotly JSON: plain values in, plain dicts out.

The App's theme gives text, grid lines and background their colours, so none is named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..evaluation import Fit, Row

Figure = list[dict[str, Any]]
"""Plotly traces."""

CORRELATIONS: Final = ("SRCC", "KRCC", "PLCC")
OTHERS: Final = ("RMSE", "n")
MISSING: Final = "–"

_LABEL_LENGTH: Final = 22
_ROW_HEIGHT: Final = 30
_HEADER_HEIGHT: Final = 44
_CURVE_POINTS: Final = 100

# From -1 to 1. Colour changes fastest above 0.5, where metrics differ; red says that the sign is wrong.
_CORRELATION_SCALE: Final = (
    (0.0, "#b3261e"),
    (0.4999, "#f2b8b0"),
    (0.5, "#f5f0e6"),
    (0.75, "#f6e3a8"),
    (0.875, "#8fd0a6"),
    (0.95, "#2f9e8f"),
    (1.0, "#15607a"),
)

# Legible on dark and on light; the symbol changes when the colours have gone round.
_COLORS: Final = (
    "#4c9be8",
    "#f28e2b",
    "#59b35c",
    "#e15759",
    "#a97bd0",
    "#c08f5a",
    "#e377b0",
    "#8c96a0",
    "#c5b72c",
    "#2fb7b7",
)
_SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross")


def heatmap(rows: Sequence[Row]) -> Figure:
    """Statistics by group, a number in every cell.

    Only correlations are coloured, on one fixed scale from -1 to 1: RMSE is in the target's units and has no
    colour that could be compared.

    Args:
        rows: one row for each group, in the order to show
    """
    groups = [row.group for row in rows]
    values = [[row.srcc, row.krcc, row.plcc] for row in rows]
    cells = [
        (name, row, text) for row in rows for name, text in _texts(row).items() if name in OTHERS or text == MISSING
    ]
    return [
        {
            "type": "heatmap",
            "x": list(CORRELATIONS),
            "y": groups,
            "z": values,
            "zmin": -1,
            "zmax": 1,
            "colorscale": [list(stop) for stop in _CORRELATION_SCALE],
            "showscale": False,
            "xgap": 3,
            "ygap": 3,
            "hoverongaps": False,
            "texttemplate": "%{z:.3f}",
            "customdata": [[row.n] * len(CORRELATIONS) for row in rows],
            "hovertemplate": "%{y}: %{x} = %{z:.4f}<br>n = %{customdata}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "text",
            "x": [name for name, _, _ in cells],
            "y": [row.group for _, row, _ in cells],
            "text": [text for _, _, text in cells],
            "customdata": [_remark(name, row) for name, row, _ in cells],
            "hovertemplate": "%{y}: %{customdata}<extra></extra>",
        },
    ]


def heatmap_layout(groups: Sequence[str]) -> dict[str, Any]:
    """Layout of ``heatmap``; the first group, the whole, is set in bold."""
    labels = [group if len(group) <= _LABEL_LENGTH else f"{group[: _LABEL_LENGTH - 1]}…" for group in groups]
    labels[:1] = [f"<b>{label}</b>" for label in labels[:1]]
    axis = {"type": "category", "fixedrange": True, "showgrid": False, "zeroline": False, "ticks": ""}
    return {
        "font": {"size": 12},
        "margin": {"t": 34, "r": 4, "b": 4, "l": 4},
        "hoverlabel": {"align": "left"},
        "xaxis": {
            **axis,
            "side": "top",
            "tickangle": 0,
            "categoryorder": "array",
            "categoryarray": [*CORRELATIONS, *OTHERS],
            "range": [-0.5, len(CORRELATIONS) + len(OTHERS) - 0.5],
        },
        "yaxis": {
            **axis,
            "categoryorder": "array",
            "categoryarray": list(groups),
            "range": [len(groups) - 0.5, -0.5],
            "tickvals": list(groups),
            "ticktext": labels,
            "ticklabelstandoff": 6,
        },
    }


def heatmap_height(n_groups: int) -> int:
    """Height of ``heatmap`` in pixels."""
    return _HEADER_HEIGHT + _ROW_HEIGHT * n_groups


def scatter(
    ids: Sequence[str],
    scores: NDArray[np.float64],
    targets: NDArray[np.float64],
    groups: Sequence[str],
    *,
    order: Sequence[str],
    fit: Fit | None,
    limit: int,
) -> Figure:
    """Scores against targets, a colour for each group, and the fitted curve.

    Args:
        ids: sample ids, which clicks and selections give back
        scores: scores, the x axis; none may be missing
        targets: targets, the y axis; none may be missing
        groups: the group of each sample
        order: all groups, in the order of colours and legend
        fit: curve fitted to all samples
        limit: most points to draw; of more a random sample is drawn, always the same
    """
    shown = subsample(len(ids), limit)
    traces = []
    for number, group in enumerate(order):
        members = [index for index in shown if groups[index] == group]
        color, symbol = _COLORS[number % len(_COLORS)], _SYMBOLS[number // len(_COLORS) % len(_SYMBOLS)]
        traces.append(
            {
                # Not "scattergl": it draws nothing in browsers without a GPU.
                "type": "scatter",
                "mode": "markers",
                "name": group,
                "ids": [ids[index] for index in members],
                "x": [float(scores[index]) for index in members],
                "y": [float(targets[index]) for index in members],
                "marker": {"color": color, "symbol": symbol, "size": 7, "opacity": 0.8},
                "hovertemplate": "%{fullData.name}<br>%{x:.5g}, %{y:.4g}<extra></extra>",
            }
        )
    if fit is not None:
        x = np.linspace(scores.min(), scores.max(), _CURVE_POINTS)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "logistic fit" if fit.kind == "logistic5" else "linear fit",
                "x": x.tolist(),
                "y": fit.predict(x).tolist(),
                "line": {"color": "#8c8c8c", "width": 2},
                "hoverinfo": "skip",
            }
        )
    return traces


def scatter_layout(x_title: str, y_title: str) -> dict[str, Any]:
    """Layout of ``scatter``."""
    return {
        "dragmode": "lasso",
        "hovermode": "closest",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": -0.18, "xanchor": "left", "yanchor": "top"},
        "margin": {"t": 8, "r": 8, "b": 8, "l": 8},
        "xaxis": {"title": {"text": x_title, "standoff": 12}, "zeroline": False},
        "yaxis": {"title": {"text": y_title}, "zeroline": False},
    }


def scatter_height(n_groups: int) -> int:
    """Height of ``scatter`` in pixels, with room for the legend."""
    return 400 + 22 * (n_groups // 4)


def subsample(n: int, limit: int) -> list[int]:
    """At most ``limit`` of the indices below ``n``, in order; the same at every call."""
    if n <= limit:
        return list(range(n))
    chosen: list[int] = np.sort(np.random.default_rng(0).choice(n, limit, replace=False)).tolist()
    return chosen


def _texts(row: Row) -> dict[str, str]:
    """What each cell of a row says."""
    return {
        "SRCC": _number(row.srcc, ".3f"),
        "KRCC": _number(row.krcc, ".3f"),
        "PLCC": _number(row.plcc, ".3f"),
        "RMSE": _number(row.rmse, ".4g"),
        "n": f"{row.n:,}",
    }


def _number(value: float | None, spec: str) -> str:
    return MISSING if value is None else format(value, spec)


def _remark(name: str, row: Row) -> str:
    if name == "n":
        return f"{row.n:,} used" + (f", {row.n_missing:,} without score or target" if row.n_missing else "")
    if name == "RMSE" and row.rmse is not None:
        return f"RMSE = {row.rmse:.6g} in the target's units, after the {row.fit} fit"
    return f"no {name}: {row.reason}"
