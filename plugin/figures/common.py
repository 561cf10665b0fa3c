"""What the figures share: their type, colours, axes and the spelling of numbers.

The App's theme gives text and background their colours, so none is named here; what is drawn has to be legible on
dark and on light.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

Trace = dict[str, Any]
Layout = dict[str, Any]

MISSING: Final = "–"
NEUTRAL: Final = "#8c8c8c"
INK: Final = "#111111"
"""Of numbers in coloured cells, which are light in both themes."""

_HEADER: Final = 44
_SLANTED_HEADER: Final = 90
_UPRIGHT_LETTERS: Final = 60
_GRID: Final = "rgba(140, 140, 140, 0.28)"

COLORS: Final = (
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
SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross")


class Figure(NamedTuple):
    """A Plotly figure.

    Attributes:
        data: traces
        layout: layout, with ``height`` in pixels
    """

    data: list[Trace]
    layout: Layout


def plot_layout(x_title: str, y_title: str, height: int, **more: Any) -> Layout:
    """Layout of a plot with two number axes."""
    return {
        "height": height,
        "hovermode": "closest",
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        "margin": {"t": 8, "r": 8, "b": 8, "l": 8},
        "xaxis": number_axis(x_title),
        "yaxis": number_axis(y_title),
        **more,
    }


def table_layout(columns: Mapping[str, str], rows: Mapping[str, str], row_height: int) -> Layout:
    """Layout of a table of coloured cells, its columns' titles above and its first row on top.

    Args:
        columns: title of each column
        rows: title of each row
        row_height: in pixels
    """
    titles = [shorten(title, 18) for title in columns.values()]
    slanted = len(titles) * max(map(len, titles)) > _UPRIGHT_LETTERS
    header = _SLANTED_HEADER if slanted else _HEADER
    axis = {"type": "category", "fixedrange": True, "showgrid": False, "zeroline": False, "ticks": ""}
    return {
        "height": header + row_height * len(rows),
        "font": {"size": 12},
        "margin": {"t": header - 10, "r": 4, "b": 4, "l": 4},
        "hoverlabel": {"align": "left"},
        "xaxis": {
            **axis,
            "side": "top",
            "tickangle": -40 if slanted else 0,
            "categoryorder": "array",
            "categoryarray": list(columns),
            "range": [-0.5, len(columns) - 0.5],
            "tickvals": list(columns),
            "ticktext": titles,
        },
        "yaxis": {
            **axis,
            "categoryorder": "array",
            "categoryarray": list(rows),
            "range": [len(rows) - 0.5, -0.5],
            "tickvals": list(rows),
            "ticktext": list(rows.values()),
            "ticklabelstandoff": 6,
        },
    }


def number_axis(title: str = "") -> dict[str, Any]:
    """An axis of numbers with a quiet grid."""
    return {"title": {"text": title, "standoff": 10}, "zeroline": False, "gridcolor": _GRID, "automargin": True}


def legend_below(n_entries: int) -> tuple[dict[str, Any], int]:
    """A legend under the plot, and the height in pixels that it needs where the panel is narrow."""
    legend = {"orientation": "h", "x": 0, "y": -0.18, "xanchor": "left", "yanchor": "top"}
    return legend, 22 * (n_entries // 4)


def look(number: int) -> dict[str, str]:
    """Colour and symbol of the group of that number; the symbol changes when the colours have gone round."""
    return {
        "color": COLORS[number % len(COLORS)],
        "symbol": SYMBOLS[number // len(COLORS) % len(SYMBOLS)],
    }


def markers(number: int) -> dict[str, Any]:
    """Markers of the group of that number."""
    return {**look(number), "size": 7, "opacity": 0.8}


def line(x: ArrayLike, y: ArrayLike, name: str = "", **style: Any) -> Trace:
    """A line that is not for hovering."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": np.asarray(x, dtype=np.float64).tolist(),
        "y": np.asarray(y, dtype=np.float64).tolist(),
        "line": {"color": NEUTRAL, "width": 2, **style},
        "hoverinfo": "skip",
    }


def shorten(label: str, length: int = 22) -> str:
    """A label that does not take the plot's place."""
    return label if len(label) <= length else f"{label[: length - 1]}…"


def subsample(n: int, limit: int) -> list[int]:
    """At most ``limit`` of the indices below ``n``, in order; the same at every call."""
    if n <= limit:
        return list(range(n))
    chosen: list[int] = np.sort(np.random.default_rng(0).choice(n, limit, replace=False)).tolist()
    return chosen
