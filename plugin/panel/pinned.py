"""What panels share that take statistics of a view, whatever they show in the grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import fiftyone as fo
import fiftyone.operators as foo

from ..store import build_view, fingerprint, view_stages
from .events import event_uri

#: What comes before a view is pinned, or pins one.
_FIRST: Final = (None, "on_startup", "on_load", "on_change_dataset", "on_change_view")


class PinnedSession:
    """One event of a panel that pins a view.

    What the panel shows is of a pinned view: the one in the App when the panel was opened or when the user last
    changed it. Views that the panel itself sets do not change it.

    Args:
        panel: the panel
        ctx: the App's context of the event

    Attributes:
        ctx: the App's context of the event
        state: what the panel keeps in the App
    """

    def __init__(self, panel: foo.Panel, ctx: foo.ExecutionContext) -> None:
        self.ctx = ctx
        self.state = ctx.panel.state
        self._panel = panel

    @property
    def is_pinned(self) -> bool:
        """Whether a view is pinned; none is after the App has dropped the state, as it does with another dataset."""
        return self.state.base_fingerprint is not None

    @property
    def dataset(self) -> fo.Dataset:
        """The dataset in the App."""
        return self.ctx.dataset

    @property
    def pinned(self) -> fo.DatasetView:
        """The view that the user has chosen."""
        return build_view(self.dataset, self.state.base)

    @property
    def is_ours(self) -> bool:
        """Whether the App shows the pinned view, or one that the panel has set."""
        if fingerprint(self.ctx.view) == self.state.base_fingerprint:
            return True
        # Without the sidebar's filters, which come and go by themselves when a view is set.
        unfiltered = build_view(self.dataset, self.ctx.request_params.get("view"))
        return self.state.shown is not None and fingerprint(unfiltered) == self.state.shown

    def pin(self, view: fo.DatasetView) -> None:
        """Take statistics of ``view`` from now on."""
        self.state.set(
            {
                "base": view_stages(view),
                "base_fingerprint": fingerprint(view),
                "shown": None,
                "shown_label": None,
            }
        )

    def show_view(self, view: fo.DatasetView, label: str) -> None:
        """Show a view in the grid that is not to be pinned.

        Args:
            view: the view
            label: what it is, in Markdown
        """
        self.state.set({"shown": fingerprint(view), "shown_label": label})
        self.ctx.ops.set_view(view)

    def show_pinned(self) -> None:
        """Bring the pinned view back to the grid."""
        self.state.set({"shown": None, "shown_label": None})
        self.ctx.ops.set_view(self.pinned)

    def prompt(self, operator: str, then: Callable[[Any], None] | None = None, **params: Any) -> None:
        """Open the form of an operator of this plugin.

        Args:
            operator: its name
            then: the event that follows if it succeeds
            params: what the form is filled with
        """
        on_success = event_uri(self._panel, then) if then else None
        self.ctx.prompt(f"{self._panel.plugin_name}/{operator}", params=params or None, on_success=on_success)


class PinnedPanel(foo.Panel):
    """A panel that takes statistics of a pinned view."""

    def session(self, ctx: foo.ExecutionContext) -> PinnedSession:
        """What an event can do."""
        raise NotImplementedError

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Handle an event. One that changes nothing is not rendered either: the App may be further by then."""
        method, session = ctx.params.get("__method__"), self.session(ctx)
        if method == "on_change_view" and session.is_ours:
            return None
        if method not in _FIRST and not session.is_pinned:
            self.on_load(ctx)
        return super().execute(ctx)
