"""A panel whose state reaches the App whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.panel import PanelRefBase


class State(PanelRefBase):
    """What a panel keeps in the App, written to it once, at the end of an event.

    The App takes one write after another, and may send the next event between two of them: with half of a state.

    Args:
        ctx: the App's context of the event
    """

    def __init__(self, ctx: foo.ExecutionContext) -> None:
        super().__init__(ctx)
        self._data = ctx.panel_state
        self._unsaved: dict[str, Any] = {}
        self._view: fo.DatasetView | None = None

    def set(self, key: str | Mapping[str, Any], value: Any = None) -> None:
        """Set values by their paths.

        Args:
            key: a path, or values by path
            value: the value, where ``key`` is a path
        """
        values = dict(key) if isinstance(key, Mapping) else {key: value}
        super().set(values)
        for path, each in values.items():
            # What was written last comes last: a part may have been written before the whole that it is of.
            self._unsaved.pop(path, None)
            self._unsaved[path] = each

    def show(self, view: fo.DatasetView) -> None:
        """Have the App show a view once the state is written, by which the panel knows the event that follows."""
        self._view = view

    def save(self) -> None:
        """Write what was set to the App."""
        if self._unsaved:
            self._ctx.ops.patch_panel_state(self._unsaved)
            self._unsaved = {}
        if self._view is not None:
            self._ctx.ops.set_view(self._view)
            self._view = None


_STATES: Final[WeakKeyDictionary[foo.ExecutionContext, State]] = WeakKeyDictionary()


def state_of(ctx: foo.ExecutionContext) -> State:
    """The state of the panel that an event is of: the same object throughout the event."""
    return _STATES.setdefault(ctx, State(ctx))


class Panel(foo.Panel):
    """A panel that keeps what :func:`state_of` gives, and draws what is in it."""

    def draw(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what has been computed."""
        raise NotImplementedError

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Save the state, and draw it."""
        state_of(ctx).save()
        return self.draw(ctx)
