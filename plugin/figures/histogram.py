"""A histogram with a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .common import COLORS, Figure, plot_layout

_HEIGHT: Final = 230
_BAD: Final = COLORS[3]
_GOOD: Final = COLORS[0]


def threshold_histogram(
    edges: Sequence[float], counts: Sequence[int], *, title: str, threshold: float | None, lower_is_worse: bool
) -> Figure:
    """How many values lie where; those beyond the threshold in another colour.

    Args:
        edges: where the bins begin, and where the last one ends
        counts: values in each bin
        title: of the values
        threshold: drawn as a line; None draws none
        lower_is_worse: which side of the threshold is the bad one
    """
    left, right = edges[:-1], edges[1:]
    middles = [(a + b) / 2 for a, b in zip(left, right, strict=True)]
    bar = {
        "type": "bar",
        "x": middles,
        "y": list(counts),
        "width": [b - a or 1.0 for a, b in zip(left, right, strict=True)],
        "marker": {
            "color": [
                _GOOD if threshold is None or (middle > threshold) == lower_is_worse else _BAD for middle in middles
            ],
            "line": {"width": 0},
        },
        "customdata": [[a, b] for a, b in zip(left, right, strict=True)],
        "hovertemplate": "%{y:,} images from %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>",
    }
    shapes = []
    if threshold is not None:
        line = {"color": _BAD, "width": 2, "dash": "dash"}
        ends = {"x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper"}
        shapes = [{"type": "line", **ends, "line": line}]
    return Figure([bar], plot_layout(title, "images", _HEIGHT, bargap=0.06, shapes=shapes, dragmode=False))


def value_bars(counts: Mapping[str, int], *, title: str, bad: str) -> Figure:
    """How many images have each of a few values.

    Args:
        counts: by value
        title: of the field
        bad: the value to set apart by its colour
    """
    bar = {
        "type": "bar",
        "x": list(counts),
        "y": list(counts.values()),
        "marker": {"color": [_BAD if value == bad else _GOOD for value in counts]},
        "hovertemplate": "%{x}: %{y:,} images<extra></extra>",
    }
    layout = plot_layout(title, "images", _HEIGHT, bargap=0.4, dragmode=False)
    return Figure([bar], {**layout, "xaxis": {**layout["xaxis"], "type": "category"}})
