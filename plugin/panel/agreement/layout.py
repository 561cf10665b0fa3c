"""How the panel is laid out. Nothing is computed here: everything comes from the panel's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fiftyone.operators import types

from ..form import Form
from . import actions, problems
from .selectors import COMPARED, Choices, State
from .tab import Tab

if TYPE_CHECKING:
    from .session import Session


def on_change_tab(session: Session) -> None:
    """Bring a tab to the front."""
    session.update()


HANDLERS: Final = (
    on_change_tab,
    *(selector.on_change for selector in COMPARED),
    *actions.HANDLERS,
    *problems.HANDLERS,
)


def draw(form: Form, tabs: Mapping[str, Tab], state: State) -> types.Property:
    """The tabs, and what the one in front shows, or why there is nothing to show.

    Args:
        form: where
        tabs: by name
        state: the panel's
    """
    if state.get("problem"):
        problems.draw(form, state["problem"])
        return form.column(gap=2, pad=3)
    # The tab in front may be one that is still being computed.
    tab = tabs[state["drawn"]]
    plots = {name: tab.plots[name] for name in state["layouts"]}
    form.tabs("tab", {name: tab.title for name, tab in tabs.items()}, state["tab"], on_change_tab)
    if tab.compares:
        _controls(form, tab, state)
    grid = f"  \nGrid: {state['shown_label']}" if state["shown_label"] else ""
    form.text("summary", f"{state['caption']}{grid}")
    actions.draw(form, state, plots)
    if tab.draw:
        tab.draw(form, state)
    if state["words"]:
        form.text("remarks", state["words"])
    figures = form.figures("figures")
    for name, plot in plots.items():
        title = plot.title if plot.titled else None
        figures.plot(name, state["layouts"][name], title, on_click=plot.on_click, on_selected=plot.on_selected)
    if state["footnote"]:
        form.text("sources", state["footnote"])
    return form.column(gap=1, pad=2)


def _controls(form: Form, tab: Tab, state: State) -> None:
    row = form.row("controls", align="end")
    choices = Choices(**state["choices"])
    for selector in (*COMPARED, *tab.selectors):
        if selector.shown(state):
            titles = selector.offered(choices, state["controls"])
            row.selector(selector.name, selector.label, titles, selector.on_change, multiple=selector.multiple)
