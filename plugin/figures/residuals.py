"""What the fitted curve leaves over: residuals in four views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..evaluation import ResidualAnalysis
from .common import COLORS, Figure, legend_below, line, plot_layout
from .scatter import points

_HEIGHT: Final = 330
_CURVE_POINTS: Final = 100


def residuals_by_prediction(
    analysis: ResidualAnalysis,
    ids: Sequence[str],
    groups: Sequence[str],
    *,
    order: Sequence[str],
    target: str,
    limit: int,
) -> Figure:
    """Residuals against predictions: without pattern where the curve fits.

    A positive residual is of an image that was found better than predicted.

    Args:
        analysis: the residuals
        ids: sample ids of the residuals, which clicks and selections give back
        groups: the group of each
        order: all groups, in the order of colours and legend
        target: what the residuals are of
        limit: most points to draw
    """
    data = points(ids, analysis.predicted, analysis.residuals, groups, order=order, limit=limit)
    ends = [float(analysis.predicted.min()), float(analysis.predicted.max())]
    data.append({**line(ends, [0.0, 0.0], dash="dash"), "showlegend": False})
    legend, height = legend_below(len(order))
    more = {"dragmode": "lasso", "showlegend": True, "legend": legend}
    return Figure(data, plot_layout(f"predicted {target}", "residual", _HEIGHT + height, **more))


def residual_histogram(analysis: ResidualAnalysis) -> Figure:
    """Histogram of the residuals with the Gaussian of their mean and standard deviation."""
    counts, edges = analysis.histogram
    width = float(edges[1] - edges[0])
    x = np.linspace(edges[0], edges[-1], _CURVE_POINTS)
    bars = {
        "type": "bar",
        "name": "residuals",
        "x": [float(left + width / 2) for left in edges[:-1]],
        "y": [int(count) for count in counts],
        "width": width,
        "marker": {"color": COLORS[0], "opacity": 0.75},
        "hovertemplate": "%{y} images near %{x:.4g}<extra></extra>",
    }
    data = [bars]
    if analysis.mean is not None and analysis.std:
        gaussian = analysis.n * width * stats.norm.pdf(x, analysis.mean, analysis.std)
        data.append(line(x, gaussian, "Gaussian", color=COLORS[1]))
    return Figure(data, plot_layout("residual", "images", _HEIGHT, bargap=0.02))


def probability_plot(analysis: ResidualAnalysis, ids: Sequence[str], *, limit: int) -> Figure:
    """Ordered residuals against the quantiles of a normal distribution: on the line where they are normal.

    Args:
        analysis: the residuals
        ids: sample ids of the residuals, which clicks give back
        limit: most points to draw
    """
    theoretical, ordered = (np.asarray(values) for values in analysis.quantiles)
    by_size = [ids[index] for index in np.argsort(analysis.residuals, kind="stable")]
    data = points(by_size, theoretical, ordered, [""] * len(by_size), order=[""], limit=limit)
    data[0]["hovertemplate"] = "quantile %{x:.3g}, residual %{y:.4g}<extra></extra>"
    if analysis.mean is not None and analysis.std is not None:
        ends = theoretical[[0, -1]]
        data.append(line(ends, analysis.mean + analysis.std * ends, color=COLORS[1]))
    return Figure(data, plot_layout("normal quantile", "ordered residual", _HEIGHT, dragmode="lasso"))


def regression(
    analysis: ResidualAnalysis,
    ids: Sequence[str],
    groups: Sequence[str],
    targets: NDArray[np.float64],
    *,
    order: Sequence[str],
    target: str,
    limit: int,
) -> Figure:
    """Predictions against targets, with the regression line and R².

    Args:
        analysis: the residuals
        ids: sample ids of the residuals, which clicks and selections give back
        groups: the group of each
        targets: the target of each
        order: all groups, in the order of colours
        target: what the predictions are of
        limit: most points to draw
    """
    data = points(ids, targets, analysis.predicted, groups, order=order, limit=limit)
    more: dict[str, Any] = {"dragmode": "lasso"}
    if analysis.slope is not None and analysis.intercept is not None:
        ends = np.array([targets.min(), targets.max()])
        data.append(line(ends, analysis.intercept + analysis.slope * ends))
        text = f"R² = {analysis.r2:.3f}<br>y = {analysis.slope:.3g} x {analysis.intercept:+.3g}"
        place = {"xref": "paper", "yref": "paper", "x": 0.02, "y": 0.98, "xanchor": "left", "yanchor": "top"}
        more["annotations"] = [{"text": text, "showarrow": False, "align": "left", **place}]
    return Figure(data, plot_layout(target, f"predicted {target}", _HEIGHT, **more))
