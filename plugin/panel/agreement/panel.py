"""Panel: how well metrics agree with human opinion, and which images are behind each number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.categories import Categories

from ..events import add_events
from ..form import Form
from ..pinned import PinnedPanel
from . import layout
from .session import Session
from .tab import Tab
from .tabs import TABS

_HELP: Final = """
Correlations are positive where metric and target agree, each turned by its declared direction.
PLCC, RMSE and MAE are taken after a five-parameter logistic fit. Point at a number for its 95 % interval.

- **Click a cell** to see its images, those furthest from the fitted curve first; *Reset grid* brings all back.
- **Click a point** to open its image; **draw round points** to see theirs. Points of samples that you select in the
  grid stand out.
- **Save** keeps view, settings and numbers as a run of the dataset.
"""


class QualityVsMos(PinnedPanel):
    """Statistics by group, scores against targets, and the way from both to the images."""

    tabs: ClassVar[Mapping[str, Tab]] = {tab.name: tab for tab in TABS}

    @property
    def config(self) -> foo.PanelConfig:
        """What the App shows."""
        return foo.PanelConfig(
            name="quality_vs_mos",
            label="Quality vs. opinion",
            icon="insights",
            help_markdown=_HELP,
            category=Categories.ANALYZE,
        )

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Handle an event."""
        session = self.session(ctx)
        if ctx.params.get("__method__") == "on_change_tab" and session.is_drawn:
            # The App sends this unasked once the panel is open: time to be ready for the other statistics.
            session.comparison().prepare()
            return None
        return super().execute(ctx)

    def session(self, ctx: foo.ExecutionContext) -> Session:
        """What an event can do."""
        return Session(self, ctx, self.tabs)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Pin the view and show it; after a page reload, keep the one that was pinned."""
        session = self.session(ctx)
        if not session.is_ours:
            session.pin(ctx.view)
        session.update()

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Start over."""
        session = self.session(ctx)
        session.start_over()
        session.pin(ctx.view)
        session.update()

    def on_change_view(self, ctx: foo.ExecutionContext) -> None:
        """Follow the user's change of view."""
        session = self.session(ctx)
        session.pin(ctx.view)
        session.update()

    def on_change_selected(self, ctx: foo.ExecutionContext) -> None:
        """Set the points of the samples that are selected in the grid off from the others."""
        session = self.session(ctx)
        if session.is_drawn:
            session.mark(ctx.selected or [], in_grid=True)

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what has been computed."""
        return layout.draw(Form(self), self.tabs, ctx.panel_state)


add_events(QualityVsMos, QualityVsMos.session, layout.HANDLERS)
add_events(QualityVsMos, QualityVsMos.session, (handler for tab in TABS for handler in tab.events()))
