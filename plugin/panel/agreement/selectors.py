"""Selectors: what they offer and what becomes of a choice. Here are those that tabs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import fiftyone as fo

from ...store import breakdown_fields, resolve_target, score_fields, target_fields
from ...vocabulary import DIRECTIONS, HIDDEN, HIGHER, NO_BREAKDOWN, SHOWN, direction

if TYPE_CHECKING:
    from .session import Session

PINNED: Final = "pinned"
WHOLE: Final = "whole"

_FREE_INTERVALS: Final = 5000
"""Up to this many scores intervals are computed unasked: for more it takes seconds."""

Chosen = Mapping[str, Any]
State = Mapping[str, Any]


@dataclass(frozen=True)
class Choices:
    """What a dataset offers to choose from.

    Attributes:
        targets: numeric fields, the declared target first
        directions: of each target, ``HIGHER`` or ``LOWER``, by field
        metrics: fields with scores, and the title of the metric of each
        breakdowns: fields to group by, preceded by ``NO_BREAKDOWN``
        images: how many samples there are
    """

    targets: list[str]
    directions: dict[str, str]
    metrics: dict[str, str]
    breakdowns: list[str]
    images: int

    @classmethod
    def of(cls, dataset: fo.Dataset) -> Choices:
        """What ``dataset`` offers."""
        targets = target_fields(dataset)
        return cls(
            targets=targets,
            directions={field: direction(resolve_target(dataset, field).lower_is_better) for field in targets},
            metrics={field: metric.title for field, metric in score_fields(dataset).items()},
            breakdowns=[NO_BREAKDOWN, *breakdown_fields(dataset)],
            images=len(dataset),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the panel's state."""
        return asdict(self)


def on_change_control(session: Session) -> None:
    """Show what has been chosen."""
    session.update()


def always(state: State) -> bool:
    """A selector is there whatever the panel's state."""
    return True


def several_metrics(state: State) -> bool:
    """A selector is there while several metrics are compared."""
    return len(state["controls"]["metrics"]) > 1


@dataclass(frozen=True)
class Selector:
    """A selector. The panel's state holds the choice as ``controls.NAME``.

    Attributes:
        name: of the choice; selectors of several tabs with one name share it
        label: what is written on it
        offered: titles of the values on offer, by what there is and what is chosen in the selectors before this one
        default: the value where none is wanted, or one that is not on offer; by default the first
        multiple: whether several values can be chosen; by default all are
        shown: whether it is there, by the panel's state
        on_change: what a change does
    """

    name: str
    label: str
    offered: Callable[[Choices, Chosen], Mapping[str, str]]
    default: Callable[[Choices, Chosen], str] | None = None
    multiple: bool = False
    shown: Callable[[State], bool] = always
    on_change: Callable[[Session], None] = on_change_control

    @classmethod
    def of(cls, name: str, label: str, titles: Mapping[str, str], **settings: Any) -> Selector:
        """One that always offers the same."""
        return cls(name, label, lambda choices, chosen: titles, **settings)

    def settle(self, choices: Choices, chosen: Chosen, wanted: Any) -> Any:
        """What is wanted where it is on offer, else the default."""
        titles = self.offered(choices, chosen)
        if self.multiple:
            return [value for value in wanted or () if value in titles] or list(titles)
        if wanted in titles:
            return wanted
        return self.default(choices, chosen) if self.default else next(iter(titles))


def settle(selectors: Sequence[Selector], choices: Choices, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen in each selector, by name.

    Args:
        selectors: each after those that it depends on
        choices: what the dataset offers
        wanted: what the user has chosen, if anything, by name
    """
    chosen: dict[str, Any] = {}
    for selector in selectors:
        chosen[selector.name] = selector.settle(choices, chosen, wanted.get(selector.name))
    return chosen


def on_change_metrics(session: Session) -> None:
    """Compare the chosen metrics."""
    # In the state that the App sends, a list is never shorter than it was before.
    session.ctx.panel_state["controls"]["metrics"] = session.ctx.params["value"]
    session.update()


def on_change_target(session: Session) -> None:
    """Show another target, with the direction that is declared for it."""
    session.choose(direction=None)
    session.update()


def _intervals(choices: Choices, chosen: Chosen) -> str:
    return SHOWN if choices.images * len(chosen["metrics"]) <= _FREE_INTERVALS else HIDDEN


METRICS: Final = Selector(
    "metrics",
    "Metrics",
    lambda choices, chosen: choices.metrics,
    multiple=True,
    on_change=on_change_metrics,
)
TARGET: Final = Selector(
    "target",
    "Target",
    lambda choices, chosen: {field: field for field in choices.targets},
    on_change=on_change_target,
)
DIRECTION: Final = Selector.of(
    "direction",
    "Target's direction",
    DIRECTIONS,
    default=lambda choices, chosen: choices.directions.get(chosen["target"], HIGHER),
)
BREAKDOWN: Final = Selector(
    "breakdown",
    "Break down by",
    lambda choices, chosen: {field: field for field in choices.breakdowns},
    # The type of distortion, where there is one, comes first of the fields.
    default=lambda choices, chosen: choices.breakdowns[:2][-1],
)
SCOPE: Final = Selector.of(
    "scope",
    "Images",
    {PINNED: "This view", WHOLE: "Whole dataset"},
    shown=lambda state: bool(state["can_widen"]),
)
COMPARED: Final = (METRICS, TARGET, DIRECTION, BREAKDOWN, SCOPE)
"""What is compared: above each tab that shows a comparison."""

PLOTTED: Final = Selector(
    "plotted",
    "Plotted",
    lambda choices, chosen: {metric: choices.metrics[metric] for metric in chosen["metrics"]},
    shown=several_metrics,
)
INTERVALS: Final = Selector.of("intervals", "Intervals", {SHOWN: "95 %", HIDDEN: "None"}, default=_intervals)
