"""What thresholds are set with: selectors, histogram, slider, and the list of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ...errors import UsageError
from ...store import AND, OR, extremes_of
from ..form import Form
from .threshold import BY_GRADE, BY_VALUE

if TYPE_CHECKING:
    from .session import Session

State = Mapping[str, Any]
_WORSE: Final = {"lower": "Low values", "higher": "High values"}
_JOINS: Final = {AND: "all of them", OR: "any of them"}


def on_change_field(session: Session) -> None:
    """Set a threshold on another field, with the direction that it declares."""
    session.set_controls(field=session.ctx.params["value"], worse=None, amount=None, grade=None, by=None)
    session.update()


def on_change_worse(session: Session) -> None:
    """Turn the direction round."""
    session.set_controls(worse=session.ctx.params["value"], amount=None)
    session.update()


def on_change_way(session: Session) -> None:
    """Set the threshold by something else."""
    session.set_controls(by=session.ctx.params["value"], amount=None)
    session.update()


def on_change_threshold(session: Session) -> None:
    """Show the images beyond the threshold, now that the slider has been let go."""
    session.set_controls(amount=session.ctx.params["value"])
    _apply(session)


def on_change_grade(session: Session) -> None:
    """Show the images of this grade and the worse ones."""
    session.set_controls(grade=session.ctx.params["value"])
    _apply(session)


def on_click_bar(session: Session) -> None:
    """Take the clicked bar as the first that is good enough."""
    threshold, x = session.threshold, session.ctx.params["x"]
    if isinstance(x, str):  # A bar of a field that says yes or no.
        return
    values = session.values(threshold.offered.field)
    half = (values.high - values.low) / (2 * len(values.counts))
    session.set_controls(by=BY_VALUE, amount=x - half if threshold.lower_is_worse else x + half)
    _apply(session)


def on_as_selected(session: Session) -> None:
    """Take every image that is at least as bad as the best of the selected ones."""
    threshold = session.threshold
    found = extremes_of(session.dataset, session.ctx.selected, threshold.offered.field)
    if found is None:
        raise UsageError(f"select samples in the grid that have a value of {threshold.offered.field}")
    session.set_controls(by=BY_VALUE, amount=found[1] if threshold.lower_is_worse else found[0])
    _apply(session)


def on_add(session: Session) -> None:
    """Let the condition stand, and set another one on the next field."""
    fields = list(session.offer)
    session.state.set("others", [condition.to_dict() for condition in session.conditions])
    following = fields[(fields.index(session.threshold.offered.field) + 1) % len(fields)]
    session.set_controls(field=following, worse=None, amount=None, grade=None, by=None)
    _apply(session)


def on_remove(session: Session) -> None:
    """Drop a condition from the list."""
    others = session.conditions[1:]
    del others[session.ctx.params["row"]]
    session.state.set("others", [condition.to_dict() for condition in others])
    _apply(session)


def on_change_join(session: Session) -> None:
    """Ask for all conditions, or for one of them."""
    session.set_controls(join=session.ctx.params["value"])
    _apply(session)


def on_keep(session: Session) -> None:
    """Keep the conditions with the dataset."""
    conditions = [condition.to_dict() for condition in session.conditions]
    kept = {
        "words": session.words,
        "conditions": conditions,
        "controls": session.wanted,
    }
    session.keep([kept, *(each for each in session.kept() if each["words"] != kept["words"])])
    session.update()


def on_recall(session: Session) -> None:
    """Bring back conditions that were kept."""
    wanted = session.ctx.params.get("value")
    found = next((each for each in session.kept() if each["words"] == wanted), None)
    if found is None:
        return
    session.state.set({"others": found["conditions"][1:], "tools.recall": None})
    session.set_controls(**found["controls"])
    _apply(session)


def on_reset(session: Session) -> None:
    """Bring the pinned view back to the grid."""
    session.show_pinned()


CHANGES: Final = {
    on_change_field: "field",
    on_change_worse: "worse",
    on_change_way: "by",
    on_change_threshold: "amount",
    on_change_grade: "grade",
    on_change_join: "join",
}
"""The control that each of these events is of."""

HANDLERS: Final = (
    *CHANGES,
    on_click_bar,
    on_as_selected,
    on_add,
    on_remove,
    on_keep,
    on_recall,
    on_reset,
)


def draw(form: Form, state: State) -> None:
    """Lay the controls out.

    Args:
        form: where
        state: the panel's
    """
    row = form.row("controls", align="end")
    row.selector("field", "Score or issue", state["fields"], on_change_field)
    if not state["is_flag"]:
        row.selector("worse", "Bad are", _WORSE, on_change_worse)
        row.selector("by", "Threshold by", state["ways"], on_change_way)
        if state["controls"]["by"] == BY_GRADE:
            titles = {grade: f"{grade} or worse" for grade in state["grades"][1:]}
            row.selector("grade", "Grade", {state["grades"][0]: state["grades"][0], **titles}, on_change_grade)
    form.figures("figures").plot("histogram", state["layout"], None, on_click=on_click_bar)
    if state["slider"]:
        low, high, step = state["slider"]
        form.slider("amount", low, high, step, on_change_threshold)
    form.text("count", _count(state))
    row = form.row("tools")
    row.button("as_selected", "As bad as selected", "checklist", on_as_selected, disabled=not state["n_selected"])
    row.button("add", "Add condition", "add", on_add)
    row.button("keep", "Keep threshold", "bookmark_add", on_keep)
    if state["kept"]:
        row.menu("recall", "Kept…", {words: words for words in state["kept"]}, on_recall)
    row.button("reset", "Reset grid", "undo", on_reset)
    if state["table"]:
        form.table("table", {"condition": "And also" if state["joins"]["join"] == AND else "Or"}, [_REMOVE])
        form.row("joins").selector("join", "Images that meet", _JOINS, on_change_join)


_REMOVE: Final = ("remove", "Remove", "delete", on_remove)


def _count(state: State) -> str:
    share = state["number"] / state["total"] if state["total"] else 0.0
    return f"**{state['number']:,} of {state['total']:,} images ({share:.1%})** · {state['words']}"


def _apply(session: Session) -> None:
    session.update()
    session.show_meeting()
