"""How scores are spread: a count for each grade, or a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from .bars import bars
from .common import COLORS, Figure, plot_layout

_HEIGHT: Final = 200


def grade_counts(counts: Mapping[str, int]) -> Figure:
    """Images of each grade.

    Args:
        counts: by grade, the worst first
    """
    return bars(counts, "images", ",d", next(iter(counts)))


def score_histogram(counts: Sequence[int], edges: Sequence[float], title: str) -> Figure:
    """Images by their scores.

    Args:
        counts: of N bins
        edges: of the bins, N + 1
        title: what the scores are
    """
    trace = {
        "type": "bar",
        "x": [(low + high) / 2 for low, high in pairwise(edges)],
        "y": list(counts),
        "width": [high - low or 1.0 for low, high in pairwise(edges)],
        "marker": {"color": COLORS[0], "opacity": 0.75},
        "hovertemplate": "%{y} images near %{x:.4g}<extra></extra>",
    }
    return Figure([trace], plot_layout(title, "images", _HEIGHT, bargap=0.02))
