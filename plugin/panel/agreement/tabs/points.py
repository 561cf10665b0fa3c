"""Plots whose points stand for images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..comparison import Comparison
from ..tab import Plot

if TYPE_CHECKING:
    from ..session import Session

MAX_POINTS: Final = 3000
"""Most points of a scatter plot: more make the browser slow."""


def on_click_point(session: Session) -> None:
    """Open the clicked image."""
    if session.ctx.params.get("id"):
        session.ctx.ops.open_sample(id=session.ctx.params["id"])


def on_select_points(session: Session) -> None:
    """Show the images of the points drawn round."""
    ids = [point["id"] for point in session.ctx.params["data"] if point.get("id")]
    if ids:
        session.show(ids, f"**selected points**, {len(ids):,} images")
        session.mark(ids)


def plot_of_points(title: str, **more: Any) -> Plot:
    """How a figure is presented whose points stand for images; ``more`` is as in :class:`Plot`."""
    return Plot(title, on_click=on_click_point, on_selected=on_select_points, **more)


def footnote(comparison: Comparison) -> str:
    """Where the target comes from, and how many of the images plots show."""
    target = comparison.table.target
    said = [f"Target from {target.source}."] if target.source else []
    said += target.notes + comparison.table.notes
    drawable = len(comparison.complete(comparison.controls.plotted))
    if drawable > MAX_POINTS:
        said.append(
            f"Plots show a random {MAX_POINTS:,} of {drawable:,} images; curve and statistics use all of them."
        )
    return " ".join(said)
