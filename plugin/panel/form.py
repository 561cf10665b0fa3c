"""The pieces that panels are laid out with, as the App looks best with them.

A property shows the value that the panel's state or data has under the same name, so texts that are composed in a
layout have names that the state has not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.operators import types

from .events import event_uri

Handler = Callable[[Any], None]

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
# The App leaves much room around a slider.
_SLIDER: Final[dict[str, Any]] = {
    "componentsProps": {"item": {"sx": {"marginTop": "-20px", "marginBottom": "-28px"}}}
}
_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "responsive": True}


class Form:
    """Things one below the other, or beside each other in a row. They call plain functions, events of the panel.

    Args:
        panel: the panel that it is of
    """

    def __init__(self, panel: foo.Panel) -> None:
        self._panel = panel
        self._root = types.Object()

    def column(self, *, gap: int, pad: int) -> types.Property:
        """Everything so far from top to bottom, as the panel renders it."""
        view = types.GridView(orientation="vertical", gap=gap, pad=pad, **_WHOLE_WIDTH)
        return types.Property(self._root, view=view)

    def row(self, name: str, align: str = "center") -> Form:
        """A row that breaks where the panel is narrow."""
        return self._nested(name, types.GridView(gap=1.5, align_y=align))

    def figures(self, name: str) -> Form:
        """A grid for figures."""
        return self._nested(name, types.GridView(gap=2, **_FIGURE_GRID))

    def text(self, name: str, markdown: str) -> None:
        """Words."""
        self._root.md(markdown, name=name)

    def tabs(self, name: str, titles: Mapping[str, str], front: str, on_change: Handler) -> None:
        """Tabs, ``front`` in front."""
        view = types.TabsView()
        for value, title in titles.items():
            view.add_choice(value, label=title)
        self._root.enum(name, view.values(), default=front, view=view, on_change=self._event(on_change))

    def selector(
        self, name: str, label: str, titles: Mapping[str, str], on_change: Handler, *, multiple: bool = False
    ) -> None:
        """A choice of one value, or of several."""
        style: dict[str, Any] = {"multiple": True, "filter_selected_options": True, **_WIDE}
        view = types.DropdownView(label=label, **(style if multiple else _NATURAL_WIDTH))
        for value, title in titles.items():
            view.add_choice(value, label=title)
        if multiple:
            self._root.list(name, types.String(), view=view, on_change=self._event(on_change))
        else:
            self._root.enum(name, list(titles), view=view, on_change=self._event(on_change))

    def menu(self, name: str, label: str, titles: Mapping[str, str], on_change: Handler) -> None:
        """A small selector that stands among buttons."""
        view = types.DropdownView(label=label, compact=True, **_NATURAL_WIDTH)
        for value, title in titles.items():
            view.add_choice(value, label=title)
        self._root.enum(name, view.values(), view=view, on_change=self._event(on_change))

    def button(self, name: str, label: str, icon: str, on_click: Handler, **settings: Any) -> None:
        """A button; ``settings`` are those of ``fiftyone.operators.types.Button``."""
        settings = {"variant": "outlined", **_NATURAL_WIDTH, **settings}
        self._root.btn(name, label=label, icon=icon, on_click=self._event(on_click), **settings)

    def line(self, name: str, label: str) -> None:
        """A line of text to type."""
        self._root.str(name, label=label, view=types.TextFieldView(**_WIDE))

    def slider(self, name: str, low: float, high: float, step: float, on_change: Handler) -> None:
        """A slider, which tells its value once it is let go.

        Args:
            name: of its value in the panel's state
            low: at its left end
            high: at its right end
            step: from one value to the next
            on_change: called with the value
        """
        view = types.SliderView(
            label="",
            label_position="top",
            min=low,
            max=high,
            view_multiple_of=step,
            value_precision=max(0, -math.floor(math.log10(step))),
            value_label_display="auto",
            **_SLIDER,
        )
        self._root.float(name, min=low, max=high, view=view, on_change=self._event(on_change))

    def table(self, name: str, columns: Mapping[str, str], actions: Sequence[tuple[str, str, str, Handler]]) -> None:
        """A table.

        Args:
            name: of its rows in the panel's state
            columns: title of each column
            actions: what can be done with a row: name, title, icon and handler
        """
        table = types.TableView(max_inline_actions=len(actions), actions_label=" ", **_NARROW_TABLE)
        for key, label in columns.items():
            table.add_column(key, label=label)
        for action, title, icon, handler in actions:
            table.add_row_action(action, self._event(handler), icon=icon, tooltip=title)
        self._root.list(name, types.Object(), view=table)

    def plot(
        self,
        name: str,
        layout: Mapping[str, Any],
        title: str | None = None,
        *,
        frames: Sequence[Mapping[str, Any]] = (),
        **handlers: Handler | None,
    ) -> None:
        """A figure, whose traces are in the panel's data.

        Args:
            name: of the figure
            layout: Plotly's, with ``height``
            title: above it
            frames: what its buttons play
            handlers: of ``on_click`` and ``on_selected``
        """
        events = {event: self._event(handler) for event, handler in handlers.items() if handler}
        height = f"{layout['height']}px"
        style = {"componentsProps": {"plotly": {"frames": list(frames)}}} if frames else {}
        self._root.plot(name, label=title, layout=layout, config=_CONFIG, height=height, **style, **events)

    def _nested(self, name: str, view: types.View) -> Form:
        form = Form(self._panel)
        self._root.define_property(name, form._root, view=view)
        return form

    def _event(self, handler: Handler) -> str:
        return event_uri(self._panel, handler)
