"""One number for each of several things, as horizontal bars."""

from __future__ import annotations

from collections.abc import Mapping

from .common import COLORS, NEUTRAL, Figure, number_axis, shorten

_BAR_HEIGHT = 30
_AXIS_HEIGHT = 56


def bars(values: Mapping[str, float], x_title: str, spec: str, emphasised: str = "") -> Figure:
    """Values as bars with their numbers, the first on top.

    Args:
        values: by what they belong to
        x_title: what they are
        spec: how they are written
        emphasised: the bar to set apart by its colour
    """
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": list(values.values()),
            "y": [shorten(name) for name in values],
            "text": [format(value, spec) for value in values.values()],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": [COLORS[0] if name == emphasised else NEUTRAL for name in values]},
            "hovertemplate": "%{y}: %{text}<extra></extra>",
        }
    ]
    return Figure(
        data,
        {
            "height": _AXIS_HEIGHT + _BAR_HEIGHT * len(values),
            "showlegend": False,
            "margin": {"t": 8, "r": 60, "b": 8, "l": 8},
            "xaxis": {**number_axis(x_title), "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed", "automargin": True, "ticklabelstandoff": 6},
        },
    )
