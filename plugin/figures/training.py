"""How a training went: loss and rank correlation by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .common import COLORS, NEUTRAL, Figure, legend_below, number_axis, plot_layout

_HEIGHT: Final = 300
_CURVES: Final = {
    "loss": ("loss, learnt from", "y"),
    "validation": ("loss, held out", "y"),
    "srcc": ("SRCC, held out", "y2"),
}


def learning_curve(epochs: Sequence[Mapping[str, Any]], kept: int) -> Figure:
    """Loss of the images learnt from and of those held out, and the latter's SRCC on an axis of its own.

    Args:
        epochs: as a model card has them: number, loss, validation and srcc, the last two None where there are none
        kept: number of the epoch whose parameters are kept, marked
    """
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": title,
            "x": [epoch["number"] for epoch in epochs],
            "y": [epoch[key] for epoch in epochs],
            "yaxis": axis,
            "line": {"color": color, "width": 2},
        }
        for (key, (title, axis)), color in zip(_CURVES.items(), COLORS, strict=False)
        if any(epoch[key] is not None for epoch in epochs)
    ]
    legend, height = legend_below(len(data))
    mark = {"type": "line", "x0": kept, "x1": kept, "yref": "paper", "y0": 0, "y1": 1}
    more = {
        "showlegend": True,
        "legend": legend,
        "yaxis2": {**number_axis("SRCC"), "overlaying": "y", "side": "right", "showgrid": False},
        "shapes": [{**mark, "line": {"dash": "dot", "color": NEUTRAL}}],
    }
    return Figure(data, plot_layout("epoch; the dotted one is kept", "loss", _HEIGHT + height, **more))
