"""The buttons that stand on every tab, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ...store import save_evaluation
from ..downloads import data_url
from ..form import Form
from . import exports
from .selectors import State
from .tab import Plot

if TYPE_CHECKING:
    from .session import Session


def on_refresh(session: Session) -> None:
    """Read the data again, e.g. after scores have been computed."""
    session.update()


def on_reset(session: Session) -> None:
    """Bring the pinned view back to the grid."""
    session.show_pinned()


def on_compute(session: Session) -> None:
    """Open the form that scores images against their references."""
    session.prompt("compute_full_reference", then=on_refresh)


def on_assess(session: Session) -> None:
    """Open the form that scores images by themselves."""
    session.prompt("compute_no_reference", then=on_refresh)


def on_load_dataset(session: Session) -> None:
    """Open the form that loads a published dataset."""
    session.prompt("load_image_quality_dataset")


def on_save(session: Session) -> None:
    """Keep what is shown as a run."""
    comparison = session.comparison()
    results = comparison.evaluation.to_dict()
    key = save_evaluation(session.evaluated, comparison.controls.to_dict(), results)
    session.ctx.ops.notify(f"Saved as {key}", variant="success")
    session.update()


def on_export(session: Session) -> None:
    """Download what has been chosen."""
    file = session.ctx.params.get("value")
    if not file:
        return
    session.state.set("actions.export", None)
    comparison = session.comparison()
    content = exports.content(file, comparison, session.tab.plots, session.content(comparison).figures)
    name = f"{session.dataset.name}-{file}"
    session.ctx.ops.browser_download(data_url(file, content), filename=name)


HANDLERS: Final = (on_reset, on_save, on_refresh, on_compute, on_export)


def draw(form: Form, state: State, plots: Mapping[str, Plot]) -> None:
    """Lay out the buttons.

    Args:
        form: where
        state: the panel's
        plots: the figures that are shown, by name
    """
    row = form.row("actions")
    row.button("reset", "Reset grid", "undo", on_reset, disabled=not state["shown_label"])
    row.button("save", "Save", "save", on_save)
    row.button("refresh", "Refresh", "refresh", on_refresh)
    row.button("compute", "Score", "compare", on_compute)
    row.menu("export", "Export…", exports.offered(plots), on_export)
