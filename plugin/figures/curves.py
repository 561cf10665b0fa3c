"""How a training went: losses over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .common import COLORS, NEUTRAL, Figure, plot_layout

_HEIGHT = 330


def loss_curves(curves: Mapping[str, Sequence[float | None]], y_title: str, kept: int | None = None) -> Figure:
    """A line a loss over epochs from 1, and a mark at the epoch that was kept.

    Args:
        curves: a loss an epoch, by what it is over; None where there is none
        y_title: what the loss is
        kept: number of the epoch whose parameters were kept
    """
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": list(range(1, len(values) + 1)),
            "y": list(values),
            "line": {"color": COLORS[number % len(COLORS)], "width": 2},
            "hovertemplate": f"{name}, epoch %{{x}}: %{{y:.4f}}<extra></extra>",
        }
        for number, (name, values) in enumerate(curves.items())
    ]
    layout = plot_layout("epoch", y_title, _HEIGHT, showlegend=True)
    if kept is not None:
        layout["shapes"] = [
            {
                "type": "line",
                **{"x0": kept, "x1": kept, "y0": 0, "y1": 1, "yref": "paper"},
                "line": {"color": NEUTRAL, "width": 1, "dash": "dash"},
            }
        ]
    return Figure(data, layout)
