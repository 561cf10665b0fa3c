"""Panel: find bad images by thresholds on scores, look at them, and act."""

from __future__ import annotations

from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.categories import Categories

from ..events import add_events
from ..form import Form
from ..pinned import PinnedPanel
from . import acts, controls, layout
from .session import Session

_HELP: Final = """
Choose a score or an issue and move the slider: the grid shows the images beyond the threshold, the worst first.
A click on a bar sets the threshold there. **As bad as selected** takes all that are no better than the selection.

- **Add condition** lets a threshold stand and sets another one.
- Buttons act on the samples that are selected in the grid; without a selection, on all beyond the threshold.
- The last ten acts can be undone. Files are never touched.
"""
_CHANGES: Final = {handler.__name__: name for handler, name in controls.CHANGES.items()}


class QualityCuration(PinnedPanel):
    """Thresholds on scores, and acts on the images beyond them."""

    @property
    def config(self) -> foo.PanelConfig:
        """What the App shows."""
        return foo.PanelConfig(
            name="quality_curation",
            label="Quality curation",
            icon="cleaning_services",
            help_markdown=_HELP,
            category=Categories.CURATE,
        )

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Handle an event. The App answers with one too where it was the panel that changed a control."""
        method, session = ctx.params.get("__method__"), self.session(ctx)
        if method in _CHANGES and (session.state.settled or {}).get(_CHANGES[method]) == ctx.params.get("value"):
            return None
        return super().execute(ctx)

    def session(self, ctx: foo.ExecutionContext) -> Session:
        """What an event can do."""
        return Session(self, ctx)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Pin the view and show it; after a page reload, keep the one that was pinned."""
        session = self.session(ctx)
        if not session.is_ours:
            session.pin(ctx.view)
        if not session.wanted["field"]:
            session.start_over()
        session.forget_values()
        session.update()

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Start over."""
        session = self.session(ctx)
        session.start_over()
        session.pin(ctx.view)
        session.forget_values()
        session.update()

    def on_change_view(self, ctx: foo.ExecutionContext) -> None:
        """Follow the user's change of view."""
        session = self.session(ctx)
        session.pin(ctx.view)
        session.forget_values()
        session.update()

    def on_change_selected(self, ctx: foo.ExecutionContext) -> None:
        """Say what buttons act on now."""
        ctx.panel.state.set({"n_selected": len(ctx.selected), "asked": 0})

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what has been computed."""
        return layout.draw(Form(self), ctx.panel_state)


add_events(QualityCuration, QualityCuration.session, (*controls.HANDLERS, *acts.HANDLERS))
