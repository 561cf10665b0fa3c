"""A picture over another: a slider wipes from one to the other, and a button flickers between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .common import NEUTRAL, Figure

_HEIGHT: Final = 470
_STEPS: Final = 40
_FLICKER_MS: Final = 350
_FLICKERS: Final = 80
_THUMB_HEIGHT: Final = 150
#: What an axis is left with where one picture covers the other whole: no width is none that Plotly draws.
_SLIVER: Final = 1e-4


FRAMES: Final = (
    {"name": "left", "layout": {"xaxis2": {"domain": [0, 1], "range": [2, 3]}}},
    {"name": "right", "layout": {"xaxis2": {"domain": [0, 1], "range": [0, 1]}}},
)
"""What the button plays: the right-hand picture out of sight, and in it."""

_TIMING: Final = {
    "mode": "immediate",
    "frame": {"duration": _FLICKER_MS, "redraw": True},
    "transition": {"duration": 0},
}


def wipe(left: str, right: str, titles: tuple[str, str]) -> Figure:
    """Two pictures in one place, with what Plotly does in the page by itself: a slider and buttons.

    The right-hand picture has an axis of its own, of which the slider moves the beginning: what is not on the axis is
    not drawn. The button plays :data:`FRAMES`.

    Args:
        left: address of the picture that is seen left of the slider
        right: address of the one that is seen right of it
        titles: of both
    """
    hidden = {"visible": False, "fixedrange": True}
    place = {"yref": "y", "x": 0, "y": 1, "sizex": 1, "sizey": 1, "sizing": "contain", "layer": "above"}
    corner = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    empty = {"type": "scatter", "x": [], "y": [], "hoverinfo": "skip"}
    layout = {
        "height": _HEIGHT,
        "margin": {"t": 24, "r": 4, "b": 84, "l": 4},
        "showlegend": False,
        "dragmode": False,
        "xaxis": {**hidden, "range": [0, 1], "domain": [0, 1]},
        "xaxis2": {**hidden, **_from(0.5)},
        "yaxis": {**hidden, "range": [0, 1]},
        "images": [{**place, "source": left, "xref": "x"}, {**place, "source": right, "xref": "x2"}],
        "shapes": [_edge(0.5)],
        "annotations": [
            {**corner, "text": titles[0], "x": 0, "xanchor": "left"},
            {**corner, "text": titles[1], "x": 1, "xanchor": "right"},
        ],
        "sliders": [
            {
                "active": _STEPS // 2,
                "currentvalue": {"visible": False},
                "pad": {"t": 4, "l": 4, "r": 4},
                "len": 1,
                "x": 0,
                "y": 0,
                "ticklen": 0,
                "minorticklen": 0,
                "steps": [_step(number / _STEPS) for number in range(_STEPS + 1)],
            }
        ],
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "right",
                "showactive": False,
                "x": 0.5,
                "xanchor": "center",
                "y": 0,
                "yanchor": "top",
                "pad": {"t": 44},
                "buttons": [
                    _step(1.0, titles[0]),
                    _step(0.5, "Half and half"),
                    _step(0.0, titles[1]),
                    {"label": "Flicker", "method": "animate", "args": [["left", "right"] * _FLICKERS, _TIMING]},
                    {"label": "Stop", "method": "animate", "args": [[None], _TIMING]},
                ],
            }
        ],
    }
    return Figure([empty, {**empty, "xaxis": "x2"}], layout)


def filmstrip(pictures: Sequence[str], ids: Sequence[str], captions: Sequence[str], current: int | None) -> Figure:
    """Pictures in a row; a click on one gives its id.

    Args:
        pictures: their addresses
        ids: one a picture
        captions: one a picture
        current: the one that is set apart, if any
    """
    n = len(pictures)
    places = list(range(n))
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": places,
        "y": [0.5] * n,
        "ids": list(ids),
        # The whole picture takes the click, not a point in it.
        "marker": {"symbol": "square", "size": 90, "opacity": 0},
        "text": list(captions),
        "hovertemplate": "%{text}<extra></extra>",
    }
    frame = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": "#f28e2b", "width": 3}}
    layout = {
        "height": _THUMB_HEIGHT,
        "margin": {"t": 2, "r": 2, "b": 24, "l": 2},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "xaxis": {
            "range": [-0.5, n - 0.5],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickvals": places,
            "ticktext": list(captions),
        },
        "yaxis": {"visible": False, "range": [0, 1], "fixedrange": True},
        "images": [
            {
                "source": picture,
                **{"xref": "x", "yref": "paper", "x": place, "y": 0.5, "xanchor": "center"},
                **{"yanchor": "middle", "sizex": 0.96, "sizey": 0.94, "sizing": "contain", "layer": "below"},
            }
            for place, picture in enumerate(pictures)
        ],
        "shapes": [] if current is None else [{**frame, "x0": current - 0.49, "x1": current + 0.49}],
    }
    return Figure([points], layout)


def _from(share: float) -> dict[str, Any]:
    """An axis that begins at a share of the width, with what belongs there."""
    begin = min(share, 1 - _SLIVER)
    return {"domain": [begin, 1], "range": [begin, 1]}


def _edge(share: float) -> dict[str, Any]:
    line = {"color": NEUTRAL, "width": 2}
    return {
        "type": "line",
        "xref": "paper",
        "yref": "paper",
        "x0": share,
        "x1": share,
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _step(share: float, label: str = "") -> dict[str, Any]:
    axis = _from(share)
    change = {
        "xaxis2.domain": axis["domain"],
        "xaxis2.range": axis["range"],
        "shapes[0].x0": share,
        "shapes[0].x1": share,
    }
    return {"method": "relayout", "args": [change], "label": label}
