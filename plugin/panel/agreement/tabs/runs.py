"""The evaluations that were kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import fiftyone as fo

from ....evaluation import ALL, Row
from ....figures import Figure
from ....store import (
    SavedEvaluation,
    delete_evaluation,
    evaluated_view,
    list_evaluations,
    load_evaluation,
    rename_evaluation,
)
from ...form import Form
from ..comparison import Comparison
from ..selectors import State
from ..tab import Content, Tab
from .overview import TABLE, table_of_groups

if TYPE_CHECKING:
    from ..session import Session

_NOTHING_SAVED: Final = """
**Nothing saved yet**

*Save* keeps the view, the settings and the numbers that are shown as a run of the dataset.
"""
_COLUMNS: Final = {"key": "Name", "saved": "Saved (UTC)", "images": "Images", "srcc": "SRCC"}


def on_open_run(session: Session) -> None:
    """Bring back the view and the settings of a saved evaluation, and say whether its numbers still hold."""
    kept = load_evaluation(session.dataset, _row(session))
    view = evaluated_view(session.dataset, kept.key)
    session.pin(view)
    session.choose_only(kept.settings)
    session.state.set("opened", kept.key)
    session.ctx.ops.set_view(view)
    session.update()
    if kept.agrees_with(session.comparison().evaluation):
        session.ctx.ops.notify(f"{kept.key}: the numbers are those that were saved", variant="success")
    else:
        session.ctx.ops.notify(f"{kept.key}: scores or targets have changed since it was saved", variant="warning")


def on_edit_run(session: Session) -> None:
    """Ask for the new name of a saved evaluation, or whether to delete it."""
    session.state.set("editing", {"key": _row(session), "action": session.ctx.params["event"]})
    session.state.set("form.name", _row(session))


def on_cancel_edit(session: Session) -> None:
    """Leave the saved evaluation as it is."""
    session.state.set("editing", None)


def on_rename_run(session: Session) -> None:
    """Call a saved evaluation otherwise."""
    name = (session.state.form or {}).get("name") or ""
    rename_evaluation(session.dataset, session.state.editing["key"], name)
    session.state.set({"editing": None, "opened": None})
    session.update()


def on_delete_run(session: Session) -> None:
    """Keep a saved evaluation no longer."""
    delete_evaluation(session.dataset, session.state.editing["key"])
    session.state.set({"editing": None, "opened": None})
    session.update()


def _row(session: Session) -> str:
    key: str = session.state.runs[session.ctx.params["row"]]["key"]
    return key


def _content(comparison: Comparison, session: Session) -> Content:
    # That of a snapshot may be of the time before something was saved.
    dataset, opened = session.dataset, session.state.opened
    names = list_evaluations(dataset)
    shown: dict[str, Any] = {"runs": [_row_of(dataset, name) for name in names]}
    if opened not in names:
        return Content(state=shown)
    saved = load_evaluation(dataset, opened)
    words = f"**{saved.key}** as it was saved; the other tabs show what its view and settings give now."
    table = _table(saved, session.choices.metrics)
    return Content({"heatmap": table}, words, state=shown)


def _table(saved: SavedEvaluation, titles: Mapping[str, str]) -> Figure:
    """The numbers of an evaluation as they were saved; a metric that the dataset has no more goes by its field."""
    rows: dict[str, list[Row]] = {}
    for row in saved.rows:
        rows.setdefault(row.metric, []).append(row)
    statistic = saved.settings.get("statistic", "srcc")
    return table_of_groups(rows, statistic, {metric: titles.get(metric, metric) for metric in rows})


def _row_of(dataset: fo.Dataset, name: str) -> dict[str, Any]:
    """A saved evaluation as a row of the table."""
    saved = load_evaluation(dataset, name)
    whole = {row["metric"]: row["srcc"] for row in saved.results["rows"] if row["group"] == ALL}
    srccs = ", ".join(f"{metric} {'–' if srcc is None else f'{srcc:.3f}'}" for metric, srcc in whole.items())
    return {
        "key": name,
        "saved": saved.saved.replace("T", " ")[:16],
        "images": f"{saved.images:,}",
        "srcc": f"{srccs} with {saved.settings['target']}",
    }


def _draw(form: Form, state: State) -> None:
    """The table, and the form of what is being done with one of its rows."""
    if not state["runs"]:
        form.text("nothing", _NOTHING_SAVED)
        return
    form.table(
        "runs",
        _COLUMNS,
        [
            ("open", "Open", "visibility", on_open_run),
            ("rename", "Rename", "edit", on_edit_run),
            ("delete", "Delete", "delete", on_edit_run),
        ],
    )
    if not state.get("editing"):
        return
    key, action = state["editing"]["key"], state["editing"]["action"]
    row = form.row("form")
    if action == "rename":
        row.line("name", f"New name of {key}")
        row.button("confirm", "Rename", "edit", on_rename_run, variant="contained")
    else:
        row.text("question", f"Delete **{key}** for good?")
        row.button("confirm", "Delete", "delete", on_delete_run, variant="contained")
    row.button("cancel", "Cancel", "close", on_cancel_edit)


TAB: Final = Tab(
    "runs",
    "Saved",
    _content,
    plots={"heatmap": TABLE},
    compares=False,
    draw=_draw,
    handlers=(on_open_run, on_edit_run, on_cancel_edit, on_rename_run, on_delete_run),
    keeps={"runs": [], "opened": None, "editing": None},
)
