"""Figures 5 to 8 of the deep-feature paper: predictions beside opinions, and what is between them."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...evaluation import ResidualAnalysis, analyse_residuals
from ...figures import Figure, probability_plot, regression, residual_histogram
from ...figures.common import COLORS, plot_layout
from . import data

#: Images of figure 5, drawn at random.
SHOWN: Final = 20
_HEIGHT: Final = 330
_MOST_POINTS: Final = 5000


def figures_of(judged: data.Judged, predictions: data.Vector) -> list[tuple[str, Figure]]:
    """Figures 5 to 8 with their names; none where no curve can be fitted.

    Args:
        judged: the dataset
        predictions: for its images, NaN where there is none, (N,)
    """
    lower = judged.dataset.target_lower_is_better
    analysis = analyse_residuals(predictions, judged.opinions, target_lower_is_better=lower)
    if analysis.fit is None:
        return []
    ids = [judged.paths[index].name for index in analysis.index]
    opinions = judged.opinions[analysis.index]
    target = judged.dataset.target_field
    groups = [""] * analysis.n
    return [
        ("figure5", beside(opinions, analysis, target)),
        (
            "figure6",
            regression(analysis, ids, groups, opinions, order=[""], target=target, limit=_MOST_POINTS),
        ),
        ("figure7", residual_bars(analysis)),
        ("figure8a", residual_histogram(analysis)),
        ("figure8b", probability_plot(analysis, ids, limit=_MOST_POINTS)),
    ]


def beside(opinions: data.Vector, analysis: ResidualAnalysis, target: str) -> Figure:
    """Opinions as bars and predictions as stems, of images drawn at random."""
    chosen = np.random.default_rng(0).permutation(analysis.n)[:SHOWN]
    numbers = list(range(1, len(chosen) + 1))
    return Figure(
        [
            {
                "type": "bar",
                "name": target,
                "x": numbers,
                "y": opinions[chosen].tolist(),
                "marker": {"color": COLORS[0], "opacity": 0.75},
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"predicted {target}",
                "x": numbers,
                "y": analysis.predicted[chosen].tolist(),
                "marker": {"color": COLORS[1], "size": 9},
            },
        ],
        plot_layout("image", target, _HEIGHT, showlegend=True),
    )


def residual_bars(analysis: ResidualAnalysis) -> Figure:
    """The residual of each image."""
    bars = {
        "type": "bar",
        "x": list(range(1, analysis.n + 1)),
        "y": analysis.residuals.tolist(),
        "marker": {"color": COLORS[0]},
    }
    return Figure([bars], plot_layout("image", "residual", _HEIGHT))
