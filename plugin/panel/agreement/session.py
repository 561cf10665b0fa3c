"""One event of the panel: what the App says, what the panel keeps, and what can be done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from ...figures import Figure, set_off
from ...figures.common import Layout
from ...store import build_view, take_snapshot, underlying
from ...vocabulary import disagreement
from ..pinned import PinnedSession
from .comparison import Comparison
from .controls import Controls
from .problems import problem_of
from .selectors import COMPARED, INTERVALS, PLOTTED, WHOLE, Choices, Selector, settle
from .tab import Content, Tab


class Session(PinnedSession):
    """One event of the panel.

    Args:
        panel: the panel
        ctx: the App's context of the event
        tabs: the panel's tabs by name

    Attributes:
        tabs: the panel's tabs by name
    """

    def __init__(self, panel: foo.Panel, ctx: foo.ExecutionContext, tabs: Mapping[str, Tab]) -> None:
        super().__init__(panel, ctx)
        self.tabs = tabs

    @cached_property
    def choices(self) -> Choices:
        """What the dataset offers to choose from."""
        return Choices.of(self.dataset)

    @property
    def tab(self) -> Tab:
        """The tab in front."""
        return self.tabs.get(self.state.tab) or next(iter(self.tabs.values()))

    @property
    def evaluated(self) -> fo.DatasetView:
        """The view that statistics are of."""
        whole = (self.state.controls or {}).get("scope") == WHOLE
        return build_view(self.dataset, []) if whole else self.pinned

    @property
    def is_drawn(self) -> bool:
        """Whether the tab in front is the one that was last drawn."""
        return bool(self.is_pinned and self.state.tab == self.state.drawn and not self.state.problem)

    def comparison(self) -> Comparison:
        """What is compared under the present choices."""
        selectors: dict[str, Selector] = {
            selector.name: selector
            for selector in (
                *COMPARED,
                PLOTTED,
                INTERVALS,
                *(selector for tab in self.tabs.values() for selector in tab.selectors),
            )
        }
        chosen = settle(list(selectors.values()), self.choices, self.state.controls or {})
        return Comparison(take_snapshot(self.evaluated), Controls(chosen))

    def content(self, comparison: Comparison) -> Content:
        """What the tab in front shows."""
        return self.tab.content(comparison, self)

    def start_over(self) -> None:
        """Forget what was chosen, as for a new dataset."""
        kept = {name: value for tab in self.tabs.values() for name, value in tab.keeps.items()}
        self.choose_only({})
        self.state.set(kept)

    def pin(self, view: fo.DatasetView) -> None:
        """Take statistics of ``view`` from now on."""
        super().pin(view)
        self.state.set("marked", [])

    def mark(self, ids: Sequence[str], *, in_grid: bool = False) -> None:
        """Set the points of these images off from the others, in every plot, until others are chosen.

        Args:
            ids: of the images
            in_grid: whether they are those selected in the grid. That none are selected there any more, as after
                each change of the view, says nothing of points that were drawn round
        """
        if in_grid and not ids and not self.state.marked_in_grid:
            return
        if list(ids) != (self.state.marked or []):
            self.state.set({"marked": list(ids), "marked_in_grid": in_grid})
            self.update()

    def choose(self, **controls: Any) -> None:
        """Set selectors, by name; None for the default."""
        self.state.set({f"controls.{name}": value for name, value in controls.items()})

    def choose_only(self, controls: Mapping[str, Any]) -> None:
        """Set selectors, by name, and all others to their defaults."""
        self.state.set("controls", controls)

    def show(self, ids: list[str], label: str) -> None:
        """Show samples of the evaluated view in the grid, in this order.

        Args:
            ids: the samples
            label: what they are, in Markdown
        """
        self.show_view(underlying(self.evaluated).select(ids, ordered=True), label)

    def show_pinned(self) -> None:
        """Bring the pinned view back to the grid."""
        super().show_pinned()
        self.mark([])

    def update(self) -> None:
        """Compute what is shown."""
        state = self.state
        problem = problem_of(self.evaluated, self.choices)
        state.set({"problem": problem, "choices": self.choices.to_dict()})
        if problem:
            return
        if state.tab not in self.tabs:
            state.set("tab", self.tab.name)
        comparison = self.comparison()
        content = self.content(comparison)
        figures = {name: set_off(figure, state.marked or ()) for name, figure in content.figures.items()}
        wanted = state.controls or {}
        settled = comparison.controls.to_dict().items()
        state.set(
            {
                # Only what is not as the App has it: it answers each change of a selector with an event, and two of
                # these under way would each bring back their own choice for ever.
                **{f"controls.{name}": value for name, value in settled if wanted.get(name) != value},
                "drawn": state.tab,
                "can_widen": bool(state.base),
                "caption": caption(comparison),
                "words": content.words,
                "footnote": content.footnote,
                "layouts": {name: _layout(figure) for name, figure in figures.items()},
                **content.state,
                # When a selector changes, the App writes the traces into the state too, and then lays the new ones
                # over them: those that are no more would stay.
                "figures": {},
            }
        )
        self.ctx.panel.data.set({f"figures.{name}": figure.data for name, figure in figures.items()})


def caption(comparison: Comparison) -> str:
    """What is compared, in a line of Markdown."""
    table, target = comparison.table, comparison.table.target
    parts = [f"**{len(table.ids):,} images**"]
    if comparison.n_missing:
        parts.append(f"{comparison.n_missing:,} without score or target")
    parts.append(f"target **{target.field}**: {target.kind or 'of unknown kind'}, {target.direction}")
    if comparison.disagrees:
        parts.append(f"**{disagreement(target.field, target.lower_is_better)}: is that its direction?**")
    if comparison.remark:
        parts.append(comparison.remark)
    return " · ".join(parts)


def _layout(figure: Figure) -> Layout:
    """A figure's layout, by which Plotly can tell whether the traces have changed, and draws only those that have."""
    data = json.dumps(figure.data).encode()
    return {**figure.layout, "datarevision": hashlib.sha256(data).hexdigest()[:16]}
