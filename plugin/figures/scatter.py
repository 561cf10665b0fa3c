"""Scores against targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..evaluation import Fit
from .common import Figure, Trace, legend_below, line, markers, plot_layout, subsample

_HEIGHT: Final = 400
_CURVE_POINTS: Final = 100
_FAINT: Final = 0.12
_FIT_NAMES: Final = {
    "logistic5": "logistic fit (5 parameters)",
    "logistic4": "logistic fit (4 parameters)",
    "linear": "linear fit",
}


def scatter(
    ids: Sequence[str],
    scores: NDArray[np.float64],
    targets: NDArray[np.float64],
    groups: Sequence[str],
    *,
    order: Sequence[str],
    fit: Fit | None,
    x_title: str,
    y_title: str,
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
        x_title: what the scores are
        y_title: what the targets are
        limit: most points to draw; of more a random sample is drawn, always the same
    """
    data = points(ids, scores, targets, groups, order=order, limit=limit)
    if fit is not None:
        x = np.linspace(scores.min(), scores.max(), _CURVE_POINTS)
        data.append(line(x, fit.predict(x), _FIT_NAMES[fit.kind]))
    legend, height = legend_below(len(order))
    layout = plot_layout(x_title, y_title, _HEIGHT + height, dragmode="lasso", showlegend=True, legend=legend)
    return Figure(data, layout)


def set_off(figure: Figure, ids: Collection[str]) -> Figure:
    """The figure with the points of some images set off from the others; as it is where it has none of them.

    Args:
        figure: any
        ids: of the images
    """
    wanted = set(ids)
    chosen = [[place for place, each in enumerate(trace.get("ids", ())) if each in wanted] for trace in figure.data]
    if not any(chosen):
        return figure
    data = [
        {**trace, "selectedpoints": places, "unselected": {"marker": {"opacity": _FAINT}}}
        if "ids" in trace
        else trace
        for trace, places in zip(figure.data, chosen, strict=True)
    ]
    return Figure(data, figure.layout)


def points(
    ids: Sequence[str],
    x: NDArray[np.floating[Any]],
    y: NDArray[np.floating[Any]],
    groups: Sequence[str],
    *,
    order: Sequence[str],
    limit: int,
) -> list[Trace]:
    """A trace of points for each group; arguments are those of ``scatter``."""
    shown = subsample(len(ids), limit)
    members: dict[str, list[int]] = {group: [] for group in order}
    for index in shown:
        members[groups[index]].append(index)
    return [
        {
            # Not "scattergl": it draws nothing in browsers without a GPU.
            "type": "scatter",
            "mode": "markers",
            "name": group,
            "ids": [ids[index] for index in members[group]],
            "x": [float(x[index]) for index in members[group]],
            "y": [float(y[index]) for index in members[group]],
            "marker": markers(number),
            "hovertemplate": "%{fullData.name}<br>%{x:.5g}, %{y:.4g}<extra></extra>",
        }
        for number, group in enumerate(order)
    ]
