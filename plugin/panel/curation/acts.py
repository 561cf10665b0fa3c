"""What can be done with the images that are found: buttons and their events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ...store import REVIEWS, Acts
from ...tables.delimited import csv_text
from ..downloads import data_url
from ..form import Form

if TYPE_CHECKING:
    from .session import Session

State = Mapping[str, Any]
TAG: Final = "low quality"
"""What the line for a name says at first."""

_LIST: Final = "images.csv"


def on_tag(session: Session) -> None:
    """Tag the images."""
    _do(session, lambda acts: acts.tag(session.targets, _typed(session)), "tagged")


def on_untag(session: Session) -> None:
    """Take the tag off the images."""
    _do(session, lambda acts: acts.untag(session.targets, _typed(session)), "untagged")


def on_save_view(session: Session) -> None:
    """Keep the images as a saved view."""
    _do(session, lambda acts: acts.save_view(session.targets, _typed(session)), "in a saved view")


def on_review_keep(session: Session) -> None:
    """Decide to keep the images."""
    _review(session, "keep")


def on_review_reject(session: Session) -> None:
    """Decide against the images."""
    _review(session, "reject")


def on_review_unsure(session: Session) -> None:
    """Leave the decision open."""
    _review(session, "unsure")


def on_export(session: Session) -> None:
    """Download the images' paths, and the values that they were found by, as a table."""
    fields = ["filepath", *dict.fromkeys(condition.field for condition in session.conditions)]
    rows = zip(*session.targets.values(fields), strict=True)
    content = "".join(csv_text(fields, (dict(zip(fields, row, strict=True)) for row in rows)))
    name = f"{session.dataset.name}-{_LIST}"
    session.ctx.ops.browser_download(data_url(_LIST, content.encode()), filename=name)


def on_delete(session: Session) -> None:
    """Ask whether to delete the images from the dataset; do it once that was said twice."""
    asked = (session.state.asked or 0) + 1
    session.state.set("asked", asked % 3)
    if asked == 3:
        _do(session, lambda acts: acts.delete(session.targets), "deleted from the dataset")


def on_cancel(session: Session) -> None:
    """Delete nothing."""
    session.state.set("asked", 0)


def on_undo(session: Session) -> None:
    """Undo what was done last."""
    words = session.acts.undo()
    _refresh(session, f"Undone: {words}")


def on_scan(session: Session) -> None:
    """Open the form that scores images, filled in for those that lack this score."""
    offered = session.threshold.offered
    session.prompt(offered.operator, on_refresh, metrics=[offered.metric], only_missing=True)


def on_score(session: Session) -> None:
    """Open the form that scores images."""
    session.prompt("compute_no_reference", on_refresh)


def on_refresh(session: Session) -> None:
    """Read the data again."""
    session.forget_values()
    session.update()


_VERDICTS: Final = {
    "keep": (on_review_keep, "thumb_up"),
    "reject": (on_review_reject, "thumb_down"),
    "unsure": (on_review_unsure, "help_outline"),
}
HANDLERS: Final = (
    on_tag,
    on_untag,
    on_save_view,
    *(handler for handler, _ in _VERDICTS.values()),
    on_export,
    on_delete,
    on_cancel,
    on_undo,
    on_scan,
    on_score,
    on_refresh,
)


def draw(form: Form, state: State) -> None:
    """Lay the buttons out.

    Args:
        form: where
        state: the panel's
    """
    number = state["n_selected"] or state["number"]
    what = "selected images" if state["n_selected"] else "images beyond the threshold"
    form.text("targets", f"**With the {number:,} {what}**")
    none = not number
    row = form.row("naming", align="end")
    row.line("name", "Name of tag or view")
    row.button("tag", "Tag", "label", on_tag, disabled=none)
    row.button("untag", "Untag", "label_off", on_untag, disabled=none)
    row.button("save_view", "Save view", "bookmark", on_save_view, disabled=none)
    row = form.row("deciding")
    for verdict, (handler, icon) in _VERDICTS.items():
        row.button(verdict, REVIEWS[verdict], icon, handler, disabled=none)
    row.button("export", "Export list", "download", on_export, disabled=none)
    row.button("delete", "Delete…", "delete", on_delete, disabled=none or bool(state["asked"]))
    if state["asked"]:
        _ask(form.row("asking"), state["asked"], number)
    row = form.row("undoing")
    last = state["last_act"]
    row.button("undo", f"Undo: {last}" if last else "Nothing to undo", "undo", on_undo, disabled=not last)
    if state["missing"]:
        row.button("scan", f"Scan {state['missing']:,} new samples", "photo_filter", on_scan)
    row.button("refresh", "Refresh", "refresh", on_refresh)


def _ask(row: Form, asked: int, number: int) -> None:
    if asked == 1:
        row.text("question", f"Delete {number:,} images from the dataset? The files stay.")
        row.button("sure", "Delete", "delete", on_delete)
    else:
        row.text("question", f"**Really delete {number:,} images?** With them go their fields and labels.")
        row.button("sure", f"Yes, delete {number:,} images", "delete_forever", on_delete, color="error")
    row.button("cancel", "Cancel", "close", on_cancel)


def _typed(session: Session) -> str:
    return str((session.state.naming or {}).get("name") or "")


def _review(session: Session, verdict: str) -> None:
    _do(session, partial(_reviewed, session, verdict), f"reviewed: {verdict}")


def _reviewed(session: Session, verdict: str, acts: Acts) -> int:
    return acts.review(session.targets, verdict)


def _do(session: Session, act: Callable[[Acts], int], done: str) -> None:
    number = act(session.acts)
    _refresh(session, f"{number:,} images {done}")


def _refresh(session: Session, message: str) -> None:
    session.ctx.ops.notify(message, variant="success")
    session.ctx.ops.reload_dataset()
    on_refresh(session)
