"""Panel: a distorted image beside its reference, and what scores say of it."""

from __future__ import annotations

from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.categories import Categories

from ...figures.comparison import FRAMES
from ..events import add_events
from ..form import Form
from .content import COMPARED, NEIGHBOURS, TITLES
from .session import Session

_HELP: Final = """
Drag the slider to wipe from the reference to the distorted image; **Flicker** changes between them.

- Above the grid, select a sample to inspect it; beside an open sample, the panel follows it.
- Click a neighbour to go there: the same reference with the same distortion at another level.
- **Stage maps** computes where each of DeepMSE's five stages sees a difference.
"""


def on_go(session: Session) -> None:
    """Go to the clicked neighbour."""
    if sample_id := session.ctx.params.get("id"):
        session.inspect(sample_id)


def on_stages(session: Session) -> None:
    """Show the maps of the stages."""
    session.show_stages()


class PairInspector(foo.Panel):
    """A pair of images, in the grid's space or beside an open sample."""

    @property
    def config(self) -> foo.PanelConfig:
        """What the App shows."""
        return foo.PanelConfig(
            name="pair_inspector",
            label="Pair inspector",
            icon="compare",
            help_markdown=_HELP,
            category=Categories.ANALYZE,
            surfaces="grid modal",
        )

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Handle an event; the App tells of views that have not changed, which is not to undo what is shown."""
        if ctx.params.get("__method__") == "on_change_view" and self.session(ctx).is_shown:
            return None
        return super().execute(ctx)

    def session(self, ctx: foo.ExecutionContext) -> Session:
        """What an event can do."""
        return Session(ctx)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Show the open sample, or the selected one."""
        self.on_change_selected(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Start over."""
        ctx.panel.state.set("sample", None)
        self.session(ctx).update()

    def on_change_view(self, ctx: foo.ExecutionContext) -> None:
        """Show what is in the view where nothing was chosen."""
        self.session(ctx).update()

    def on_change_selected(self, ctx: foo.ExecutionContext) -> None:
        """Show the sample that was selected last."""
        if ctx.selected:
            ctx.panel.state.set("sample", ctx.selected[-1])
        self.session(ctx).update()

    def on_change_current_sample(self, ctx: foo.ExecutionContext) -> None:
        """Follow the open sample."""
        self.session(ctx).update()

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what has been found."""
        form, state = Form(self), ctx.panel_state
        form.text("words_shown", state.get("words") or "")
        layouts = state.get("layouts") or {}
        figures = form.figures("figures")
        for name, layout in layouts.items():
            click = on_go if name == NEIGHBOURS else None
            frames = FRAMES if name == COMPARED else ()
            figures.plot(name, layout, TITLES.get(name), frames=frames, on_click=click)
        if state.get("can_compare"):
            form.button("stages", "Stage maps", "layers", on_stages)
        return form.column(gap=1, pad=2)


add_events(PairInspector, PairInspector.session, (on_go, on_stages))
