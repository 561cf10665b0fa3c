"""Figures as files, with the look of a printed page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

WIDTH: Final = 760
"""Width of pictures in pixels, before ``SCALE``."""

SCALE: Final = 3
"""Pixels of a picture for each pixel of the layout: 300 dpi at the width of a text column."""

FORMATS: Final = ("png", "svg", "pdf", "html")
"""What figures are saved as."""

_PADDING: Final = 18
_TITLE_HEIGHT: Final = 30
_LINE_HEIGHT: Final = 16
_CAPTION_LETTERS: Final = 110


@dataclass(frozen=True)
class Heading:
    """What stands above a figure in a file, where nothing else says what it is.

    Args:
        title: of the figure
        caption: what the numbers are of: dataset, how many images, statistic and test
    """

    title: str = ""
    caption: str = ""


NO_HEADING: Final = Heading()
"""Of figures that stand where everything is said of them."""


def save(
    data: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    path: str | Path,
    heading: Heading = NO_HEADING,
) -> None:
    """Write a figure as a picture or as a page that needs nothing else.

    Args:
        data: Plotly traces
        layout: Plotly layout
        path: where to; its suffix, .png, .svg, .pdf or .html, says what
        heading: what to write above it

    Raises:
        UsageError: another suffix, a missing package or browser, or a place that cannot be written to
    """
    path = Path(path)
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        there_are = ", ".join(f".{each}" for each in FORMATS)
        raise UsageError(f"{path}: figures are saved as {there_are}, not as {path.suffix or 'that'}")
    content = written(data, layout, suffix, heading)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def written(
    data: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    suffix: str,
    heading: Heading = NO_HEADING,
) -> bytes:
    """A figure as the bytes of a file.

    Args:
        data: Plotly traces
        layout: Plotly layout
        suffix: one of ``FORMATS``: "html" is a page with Plotly in it, which opens without a network
        heading: what to write above the figure

    Raises:
        UsageError: Plotly is not installed; or Kaleido or a browser to draw with, which all but pages need
    """
    figure = _figure(data, layout, heading)
    if suffix == "html":
        page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
        return page.encode()
    if find_spec("kaleido") is None:
        raise UsageError(
            f"a figure cannot be saved as .{suffix} without kaleido: pip install 'fiftyone-deepmse[figures]', "
            "or save it as .html"
        )
    try:
        picture: bytes = figure.to_image(format=suffix, width=WIDTH, scale=SCALE if suffix == "png" else 1)
    except RuntimeError as error:  # what Kaleido raises where it finds or starts no browser
        raise UsageError(
            f"a figure cannot be saved as .{suffix} without Chrome or Chromium: install one, name it in "
            "$BROWSER_PATH, or save the figure as .html"
        ) from error
    return picture


def _figure(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], heading: Heading) -> go.Figure:
    if find_spec("plotly") is None:
        raise UsageError("figures cannot be saved without plotly: pip install 'fiftyone-deepmse[figures]'")
    import plotly.graph_objects as go

    lines = textwrap.wrap(heading.caption, _CAPTION_LETTERS)
    room = (_TITLE_HEIGHT if heading.title else 0) + _LINE_HEIGHT * len(lines)
    figure = go.Figure(data=list(data), layout=dict(layout))
    margin = {side: layout.get("margin", {}).get(side, 0) + _PADDING for side in "trbl"}
    margin["t"] += room
    figure.update_layout(template="plotly_white", margin=margin, height=layout["height"] + 2 * _PADDING + room)
    if room:
        figure.update_layout(
            title={
                "text": f"<b>{heading.title}</b>",
                "subtitle": {"text": "<br>".join(lines), "font": {"size": 12}},
                "font": {"size": 16},
                "x": _PADDING / WIDTH,
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": _PADDING},
            }
        )
    return figure
