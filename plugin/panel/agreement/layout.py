"""How the panel is laid out. Nothing is computed here: everything comes from the panel's state.

A property shows the value that the panel's state or data has under the same name, so texts that are composed
here have names that the state has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from fiftyone.operators import types

from ...figures import STATISTICS, TESTS
from .controls import AS_IS, HIDDEN, HIGHER, LOWER, NORMALISED, PARTS, PINNED, SHOWN, TABS, WHOLE
from .exports import offered

if TYPE_CHECKING:
    from .panel import QualityVsMos

_NO_SCORES: Final = """
**No scores yet**

Score the images with a metric, then compare the scores with human opinion here.
"""
_PARTS: Final = "Patches, frames and clips have no scores of their own: choose a view of whole images."

_NO_TARGET: Final = """
**No target to compare with**

This dataset has scores but no numeric field with human opinion. Add one, for example

    dataset.set_values("mos", {sample_id: value, ...}, key_field="id")

or load a published image-quality dataset.
"""
_NOTHING_SAVED: Final = """
**Nothing saved yet**

*Save* keeps the view, the settings and the numbers that are shown as a run of the dataset.
"""
FIGURE_TITLES: Final = {
    "heatmap": "Agreement by group",
    "scatter": "Scores and targets",
    "residuals": "Residuals by prediction",
    "histogram": "Histogram of residuals",
    "probability": "Normal probability plot",
    "regression": "Targets by prediction",
    "matrix": "Significance",
    "levels": "Mean score by level",
}
_TITLED: Final = ("residuals", "histogram", "probability", "regression")

# As wide as the panel, no wider: the App otherwise gives each thing the width that it would like to have.
_WHOLE_WIDTH: Final[dict[str, Any]] = {
    "componentsProps": {"grid": {"sx": {"display": "grid", "gridTemplateColumns": "minmax(0, 1fr)", "width": "100%"}}}
}
# Things in a row otherwise take its whole width each.
_NATURAL_WIDTH: Final[dict[str, Any]] = {"componentsProps": {"item": {"sx": {"width": "auto"}}}}
_WIDE: Final[dict[str, Any]] = {
    "componentsProps": {
        "item": {"sx": {"width": "auto", "flex": "1 1 320px", "maxWidth": 620}},
        # The App's own asks to type, which is not needed here.
        "autocomplete": {
            "sx": {
                "& input::placeholder": {"color": "transparent"},
                "& .MuiAutocomplete-input": {"minWidth": "12px !important"},
            }
        },
    }
}
# The App's own are at least 650 pixels wide.
_NARROW_TABLE: Final[dict[str, Any]] = {"componentsProps": {"table": {"sx": {"minWidth": 0}}}}
# One figure beside the other where there is room for both.
_FIGURE_GRID: Final[dict[str, Any]] = {
    "componentsProps": {
        "grid": {
            "sx": {
                "display": "grid",
                "gridTemplateColumns": "repeat(auto-fit, minmax(min(100%, 460px), 1fr))",
                "alignItems": "start",
            }
        }
    }
}
_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "responsive": True}


def problem(panel: QualityVsMos, name: str) -> types.Property:
    """What to do where there is nothing to compare."""
    root = types.Object()
    root.md({"no scores": _NO_SCORES, PARTS: _PARTS}.get(name, _NO_TARGET), name="message")
    buttons = _flow(root, "buttons")
    if name == "no scores":
        _button(buttons, "compute", "Score images", "compare", panel.on_compute, variant="contained")
        _button(buttons, "assess", "Score without references", "photo_filter", panel.on_assess)
    elif name != PARTS:
        _button(buttons, "load", "Load a dataset", "library_add", panel.on_load_dataset, variant="contained")
    _button(buttons, "refresh", "Refresh", "refresh", panel.on_refresh)
    return types.Property(root, view=types.GridView(orientation="vertical", gap=2, pad=3))


def comparison(panel: QualityVsMos, state: Mapping[str, Any]) -> types.Property:
    """The tabs, and what the one in front shows."""
    root = types.Object()
    tabs = types.TabsView()
    for name, title in TABS.items():
        tabs.add_choice(name, label=title)
    root.enum("tab", tabs.values(), default=state["tab"], view=tabs, on_change=panel.on_change_tab)
    if state["tab"] != "runs":
        _controls(root, panel, state)
    grid = f"  \nGrid: {state['shown_label']}" if state["shown_label"] else ""
    root.md(f"{state['caption']}{grid}", name="summary")
    _actions(root, panel, state)
    if state["tab"] == "runs":
        _saved(root, panel, state)
    if state["words"]:
        root.md(state["words"], name="remarks")
    _figures(root, panel, state["layouts"])
    if state["footnote"]:
        root.md(state["footnote"], name="sources")
    return types.Property(root, view=types.GridView(orientation="vertical", gap=1, pad=2, **_WHOLE_WIDTH))


def _controls(root: types.Object, panel: QualityVsMos, state: Mapping[str, Any]) -> None:
    choices, chosen, tab = state["choices"], state["controls"], state["tab"]
    titles: Mapping[str, str] = choices["metrics"]
    compared = {name: titles[name] for name in chosen["metrics"]}
    several = len(compared) > 1
    row = _flow(root, "controls", align="end")
    _multiple(row, "metrics", "Metrics", titles, panel.on_change_metrics)
    _dropdown(row, "target", "Target", _same(choices["targets"]), panel.on_change_target)
    directions = {HIGHER: "Higher is better", LOWER: "Lower is better"}
    _dropdown(row, "direction", "Target's direction", directions, panel.on_change_control)
    _dropdown(row, "breakdown", "Break down by", _same(choices["breakdowns"]), panel.on_change_control)
    if state["can_widen"]:
        scopes = {PINNED: "This view", WHOLE: "Whole dataset"}
        _dropdown(row, "scope", "Images", scopes, panel.on_change_control)
    if tab == "overview" and several:
        statistics = {name: statistic.title for name, statistic in STATISTICS.items()}
        _dropdown(row, "statistic", "Statistic", statistics, panel.on_change_control)
    if tab == "overview":
        intervals = {SHOWN: "95 %", HIDDEN: "None"}
        _dropdown(row, "intervals", "Intervals", intervals, panel.on_change_control)
    if tab == "levels":
        scales = {NORMALISED: "Normalised, all metrics", AS_IS: "As is, one metric"}
        _dropdown(row, "scale", "Scores", scales, panel.on_change_control)
    plots_one = tab in ("overview", "residuals") or (tab == "levels" and chosen["scale"] == AS_IS)
    if plots_one and several:
        _dropdown(row, "plotted", "Plotted", compared, panel.on_change_control)
    if tab == "significance":
        _dropdown(row, "test", "Test", TESTS, panel.on_change_control)


def _actions(root: types.Object, panel: QualityVsMos, state: Mapping[str, Any]) -> None:
    row = _flow(root, "actions")
    _button(row, "reset", "Reset grid", "undo", panel.on_reset, disabled=not state["shown_label"])
    _button(row, "save", "Save", "save", panel.on_save)
    _button(row, "refresh", "Refresh", "refresh", panel.on_refresh)
    _button(row, "compute", "Score", "compare", panel.on_compute)
    names = {name: FIGURE_TITLES[name] for name in state["layouts"]}
    view = types.DropdownView(label="Export…", compact=True, **_NATURAL_WIDTH)
    for file, title in offered(names).items():
        view.add_choice(file, label=title)
    row.enum("export", view.values(), view=view, on_change=panel.on_export)


def _figures(root: types.Object, panel: QualityVsMos, layouts: Mapping[str, Mapping[str, Any]]) -> None:
    """The figures, whose traces are in the panel's data under the same names."""
    grid = types.Object()
    for name, layout in layouts.items():
        events = {}
        if name == "heatmap":
            events = {"on_click": panel.on_click_cell}
        elif layout.get("dragmode") == "lasso":
            events = {"on_click": panel.on_click_point, "on_selected": panel.on_select_points}
        title = FIGURE_TITLES[name] if name in _TITLED else None
        grid.plot(name, label=title, layout=layout, config=_CONFIG, height=f"{layout['height']}px", **events)
    root.define_property("figures", grid, view=types.GridView(gap=2, **_FIGURE_GRID))


def _saved(root: types.Object, panel: QualityVsMos, state: Mapping[str, Any]) -> None:
    """The evaluations that were kept, and the form of what is being done with one."""
    if not state["runs"]:
        root.md(_NOTHING_SAVED, name="nothing")
        return
    table = types.TableView(max_inline_actions=3, actions_label=" ", **_NARROW_TABLE)
    columns = {"key": "Name", "saved": "Saved (UTC)", "images": "Images", "srcc": "SRCC"}
    for key, label in columns.items():
        table.add_column(key, label=label)
    table.add_row_action("open", panel.on_open_run, icon="visibility", tooltip="Open")
    table.add_row_action("rename", panel.on_edit_run, icon="edit", tooltip="Rename")
    table.add_row_action("delete", panel.on_edit_run, icon="delete", tooltip="Delete")
    root.list("runs", types.Object(), view=table)
    if not state["editing"]:
        return
    key, action = state["editing"]["key"], state["editing"]["action"]
    form = _flow(root, "form")
    if action == "rename":
        form.str("name", label=f"New name of {key}", view=types.TextFieldView(**_WIDE))
        _button(form, "confirm", "Rename", "edit", panel.on_rename_run, variant="contained")
    else:
        form.md(f"Delete **{key}** for good?", name="question")
        _button(form, "confirm", "Delete", "delete", panel.on_delete_run, variant="contained")
    _button(form, "cancel", "Cancel", "close", panel.on_cancel_edit)


def _dropdown(row: types.Object, name: str, label: str, values: Mapping[str, str], on_change: Any) -> None:
    view = types.DropdownView(label=label, **_NATURAL_WIDTH)
    for value, title in values.items():
        view.add_choice(value, label=title)
    row.enum(name, list(values), view=view, on_change=on_change)


def _multiple(row: types.Object, name: str, label: str, values: Mapping[str, str], on_change: Any) -> None:
    view = types.DropdownView(label=label, multiple=True, filter_selected_options=True, **_WIDE)
    for value, title in values.items():
        view.add_choice(value, label=title)
    row.list(name, types.String(), view=view, on_change=on_change)


def _button(row: types.Object, name: str, label: str, icon: str, on_click: Any, **kwargs: Any) -> None:
    kwargs = {"variant": "outlined", **_NATURAL_WIDTH, **kwargs}
    row.btn(name, label=label, icon=icon, on_click=on_click, **kwargs)


def _flow(root: types.Object, name: str, align: str = "center") -> types.Object:
    """A row that breaks where the panel is narrow."""
    row = types.Object()
    root.define_property(name, row, view=types.GridView(gap=1.5, align_y=align))
    return row


def _same(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}
