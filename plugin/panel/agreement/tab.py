"""What a tab of the panel is: it declares its selectors, figures and handlers, and computes what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...figures import Figure
from ..form import Form
from .comparison import Comparison
from .selectors import Selector, State

if TYPE_CHECKING:
    from .session import Session

Handler = Callable[["Session"], None]


@dataclass(frozen=True)
class Plot:
    """How a figure is presented.

    Attributes:
        title: of the figure
        titled: whether the title stands above it
        on_click: called with the ``params`` of the clicked point: ``x``, ``y``, ``id``
        on_selected: called with the points drawn round as ``params["data"]``
        texts: what to download of it as text, by a file's suffix
        says: what its statistics and tests are, for the caption of a file
    """

    title: str
    titled: bool = False
    on_click: Handler | None = None
    on_selected: Handler | None = None
    texts: Mapping[str, Callable[[Comparison], str]] = field(default_factory=dict)
    says: Callable[[Comparison], str] = lambda comparison: ""


@dataclass(frozen=True)
class Content:
    """What a tab shows.

    Attributes:
        figures: by name, each declared as one of the tab's plots
        words: Markdown, above the figures
        footnote: Markdown, below them
        state: what ``Tab.draw`` is to find in the panel's state
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    words: str = ""
    footnote: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tab:
    """A tab.

    Attributes:
        name: in the panel's state
        title: what is written on it
        content: computes what it shows of a comparison, and of what else the session knows
        selectors: its own, after those of what is compared
        plots: how its figures are presented, by name
        compares: whether the selectors of what is compared stand above it
        draw: lays out more, above words and figures, by the panel's state alone
        handlers: events of what ``draw`` lays out
        keeps: what it keeps in the panel's state from event to event, as it is for a new dataset
    """

    name: str
    title: str
    content: Callable[[Comparison, Session], Content]
    selectors: tuple[Selector, ...] = ()
    plots: Mapping[str, Plot] = field(default_factory=dict)
    compares: bool = True
    draw: Callable[[Form, State], None] | None = None
    handlers: tuple[Handler, ...] = ()
    keeps: Mapping[str, Any] = field(default_factory=dict)

    def events(self) -> Iterator[Handler]:
        """All functions that the App calls for this tab."""
        yield from self.handlers
        for selector in self.selectors:
            yield selector.on_change
        for plot in self.plots.values():
            yield from filter(None, (plot.on_click, plot.on_selected))
