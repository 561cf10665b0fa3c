"""How mean scores change with the level of each distortion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..evaluation import LevelCurve
from .common import COLORS, NEUTRAL, Figure, legend_below, number_axis, shorten

_COLUMNS: Final = 3
_FACET_HEIGHT: Final = 170
_FURNITURE: Final = 90


def level_figure(
    curves: Mapping[str, Sequence[LevelCurve]], *, y_title: str, reference: str | None = None, share_y: bool = True
) -> Figure:
    """One small plot for each group, one line in it for each metric.

    Args:
        curves: by title of the metric, or of the target
        y_title: what the means are
        reference: title to draw dashed and without colour, the target's
        share_y: whether all plots have one y axis range
    """
    groups = list(dict.fromkeys(curve.group for its_curves in curves.values() for curve in its_curves))
    facet = {group: number for number, group in enumerate(groups)}
    data = []
    for number, (title, its_curves) in enumerate(curves.items()):
        is_reference = title == reference
        style = {"dash": "dash"} if is_reference else {}
        color = NEUTRAL if is_reference else COLORS[number % len(COLORS)]
        for index, curve in enumerate(its_curves):
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": title,
                    "legendgroup": title,
                    "showlegend": index == 0,
                    "x": list(curve.levels),
                    "y": list(curve.means),
                    "customdata": list(curve.counts),
                    "line": {"color": color, "width": 2, **style},
                    "marker": {"color": color, "size": 6},
                    "xaxis": _axis("x", facet[curve.group]),
                    "yaxis": _axis("y", facet[curve.group]),
                    "hovertemplate": f"<b>{title}</b>, {curve.group}<br>level %{{x}}: %{{y:.4g}}"
                    "<br>n = %{customdata}<extra></extra>",
                }
            )
    return Figure(data, _layout(groups, len(curves), y_title, share_y=share_y))


def _axis(letter: str, number: int) -> str:
    return letter if number == 0 else f"{letter}{number + 1}"


def _layout(groups: Sequence[str], n_lines: int, y_title: str, *, share_y: bool) -> dict[str, Any]:
    columns = min(_COLUMNS, len(groups))
    rows = -(-len(groups) // columns)
    legend, legend_height = legend_below(n_lines)
    height = _FURNITURE + legend_height + _FACET_HEIGHT * rows
    layout: dict[str, Any] = {
        "height": height,
        "hovermode": "closest",
        "showlegend": True,
        "hoverlabel": {"align": "left"},
        "legend": {**legend, "y": -50 / (_FACET_HEIGHT * rows)},
        "margin": {"t": 24, "r": 8, "b": 8, "l": 60},
        "grid": {"rows": rows, "columns": columns, "pattern": "independent", "xgap": 0.14, "ygap": 0.3},
        "annotations": [_y_title(y_title)],
    }
    for number, group in enumerate(groups):
        x, y = _axis("x", number), _axis("y", number)
        x_axis = number_axis("level" if number + columns >= len(groups) else "")
        x_axis["title"]["font"] = {"size": 12}
        layout[x.replace("x", "xaxis")] = {**x_axis, "tickformat": "d"}
        y_axis = number_axis()
        if share_y and number:
            y_axis["matches"] = "y"
        layout[y.replace("y", "yaxis")] = y_axis
        layout["annotations"].append(
            {
                "text": f"<b>{shorten(group, 26)}</b>",
                "xref": f"{x} domain",
                "yref": f"{y} domain",
                "x": 0,
                "y": 1.02,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 12},
            }
        )
    return layout


def _y_title(text: str) -> dict[str, Any]:
    """One for all the small plots, beside them."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 0.5, "xanchor": "right", "yanchor": "middle"}
    return {"text": text, "textangle": -90, "xshift": -34, "showarrow": False, "font": {"size": 12}, **place}
