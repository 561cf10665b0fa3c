"""Figures as files, with the look of a printed page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

_PADDING: Final = 18


def save(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], path: str | Path) -> None:
    """Write a figure as a picture or as a page that needs nothing else.

    Args:
        data: Plotly traces
        layout: Plotly layout
        path: where to; its suffix, .png or .html, says what

    Raises:
        UsageError: another suffix, a missing package or browser, or a place that cannot be written to
    """
    path = Path(path)
    writers = {".png": to_png, ".html": lambda *figure: to_html(*figure).encode()}
    if path.suffix.lower() not in writers:
        raise UsageError(f"{path}: figures are saved as {' or '.join(writers)}, not as {path.suffix or 'that'}")
    content = writers[path.suffix.lower()](data, layout)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def to_html(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> str:
    """A page with the figure and with Plotly itself, so that it opens without a network.

    Raises:
        UsageError: Plotly is not installed
    """
    html: str = _figure(data, layout).to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    return html


def to_png(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> bytes:
    """A picture.

    Raises:
        UsageError: Plotly, Kaleido or a browser to draw with is not installed
    """
    figure = _figure(data, layout)
    if find_spec("kaleido") is None:
        raise UsageError(
            "a figure cannot be saved as .png without kaleido: pip install 'fiftyone-deepmse[figures]', "
            "or save it as .html"
        )
    try:
        picture: bytes = figure.to_image(format="png", width=WIDTH, scale=SCALE)
    except RuntimeError as error:  # what Kaleido raises where it finds or starts no browser
        raise UsageError(
            "a figure cannot be saved as .png without Chrome or Chromium: install one, name it in $BROWSER_PATH, "
            "or save the figure as .html"
        ) from error
    return picture


def _figure(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> go.Figure:
    if find_spec("plotly") is None:
        raise UsageError("figures cannot be saved without plotly: pip install 'fiftyone-deepmse[figures]'")
    import plotly.graph_objects as go

    figure = go.Figure(data=list(data), layout=dict(layout))
    margin = {side: layout.get("margin", {}).get(side, 0) + _PADDING for side in "trbl"}
    figure.update_layout(template="plotly_white", margin=margin, height=layout["height"] + 2 * _PADDING)
    return figure
