"""How the panel is laid out. Nothing is computed here: everything comes from the panel's state.

A property shows the value that the panel's state or data has under the same name, so texts that are composed
here have names that the state has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from fiftyone.operators import types

from ..metrics import metric_info
from . import figures
from .controls import HIGHER, LOWER

if TYPE_CHECKING:
    from .quality_vs_mos import QualityVsMos

_NO_SCORES: Final = """
**No scores yet**

Score the images with a metric, then compare the scores with human opinion here.
"""
_NO_TARGET: Final = """
**No target to compare with**

This dataset has scores but no numeric field with human opinion. Add one, for example

    dataset.set_values("mos", {sample_id: value, ...}, key_field="id")

or load a published image-quality dataset with `deepmse load`, then refresh.
"""
# Things in a row otherwise take its whole width each.
_NATURAL_WIDTH: Final[dict[str, Any]] = {"componentsProps": {"item": {"sx": {"width": "auto"}}}}
_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "responsive": True}


def problem(panel: QualityVsMos, name: str) -> types.Property:
    """What to do where there is nothing to compare."""
    root = types.Object()
    root.md(_NO_SCORES if name == "no scores" else _NO_TARGET, name="message")
    buttons = _flow(root, "buttons")
    if name == "no scores":
        _button(buttons, "compute", "Score images", "compare", panel.on_compute, variant="contained")
    _button(buttons, "refresh", "Refresh", "refresh", panel.on_refresh)
    return types.Property(root, view=types.GridView(orientation="vertical", gap=2, pad=3))


def comparison(panel: QualityVsMos, state: Mapping[str, Any]) -> types.Property:
    """Selectors, statistics by group, and scores against targets."""
    root = types.Object()
    _controls(root, panel, state["choices"])
    root.md(f"{state['caption']}  \nGrid: {state['shown_label'] or 'all of them'}", name="summary")
    _actions(root, panel, can_reset=bool(state["shown_label"]))
    groups: Sequence[str] = state["groups"]
    root.plot(
        "heatmap",
        layout=figures.heatmap_layout(groups),
        config=_CONFIG,
        height=f"{figures.heatmap_height(len(groups))}px",
        on_click=panel.on_click_cell,
    )
    root.plot(
        "scatter",
        layout=figures.scatter_layout(state["x_title"], state["y_title"]),
        config=_CONFIG,
        height=f"{figures.scatter_height(len(groups))}px",
        on_click=panel.on_click_point,
        on_selected=panel.on_select_points,
    )
    root.md(state["footnote"], name="remarks")
    return types.Property(root, view=types.GridView(orientation="vertical", gap=1, pad=2))


def _controls(root: types.Object, panel: QualityVsMos, choices: Mapping[str, Sequence[str]]) -> None:
    row = _flow(root, "controls")
    directions = {HIGHER: "Higher is better", LOWER: "Lower is better"}
    _dropdown(
        row,
        "metric",
        "Metric",
        {name: metric_info(name).title for name in choices["metrics"]},
        panel.on_change_control,
    )
    _dropdown(row, "target", "Target", {name: name for name in choices["targets"]}, panel.on_change_target)
    _dropdown(row, "direction", "Target's direction", directions, panel.on_change_control)
    _dropdown(row, "breakdown", "Break down by", {n: n for n in choices["breakdowns"]}, panel.on_change_control)


def _dropdown(row: types.Object, name: str, label: str, values: Mapping[str, str], on_change: Any) -> None:
    view = types.DropdownView(label=label, **_NATURAL_WIDTH)
    for value, title in values.items():
        view.add_choice(value, label=title)
    row.enum(name, list(values), view=view, on_change=on_change)


def _actions(root: types.Object, panel: QualityVsMos, *, can_reset: bool) -> None:
    row = _flow(root, "actions")
    _button(row, "reset", "Reset grid", "undo", panel.on_reset, disabled=not can_reset)
    _button(row, "refresh", "Refresh", "refresh", panel.on_refresh)
    _button(row, "compute", "Score images", "compare", panel.on_compute)


def _button(row: types.Object, name: str, label: str, icon: str, on_click: Any, **kwargs: Any) -> None:
    kwargs = {"variant": "outlined", **_NATURAL_WIDTH, **kwargs}
    row.btn(name, label=label, icon=icon, on_click=on_click, **kwargs)


def _flow(root: types.Object, name: str) -> types.Object:
    """A row that breaks where the panel is narrow."""
    row = types.Object()
    root.define_property(name, row, view=types.GridView(gap=2, align_y="center"))
    return row
