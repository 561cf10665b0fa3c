"""What is chosen in the panel's selectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...vocabulary import LOWER, NO_BREAKDOWN, SHOWN
from .selectors import Selector


@dataclass(frozen=True)
class Controls:
    """What is chosen.

    Attributes:
        chosen: the choice of each selector by its name, those of ``COMPARED``, ``PLOTTED`` and ``INTERVALS`` at least
    """

    chosen: Mapping[str, Any]

    def of(self, selector: Selector) -> str:
        """What is chosen in a selector of one value."""
        return str(self.chosen[selector.name])

    @property
    def target(self) -> str:
        """Field with the target values."""
        return str(self.chosen["target"])

    @property
    def direction(self) -> str:
        """The target's direction, ``HIGHER`` or ``LOWER``."""
        return str(self.chosen["direction"])

    @property
    def lower_is_better(self) -> bool:
        """The target's direction."""
        return self.direction == LOWER

    @property
    def metrics(self) -> tuple[str, ...]:
        """Fields with the scores that are compared."""
        return tuple(self.chosen["metrics"])

    @property
    def plotted(self) -> str:
        """The one of ``metrics`` that is plotted."""
        return str(self.chosen["plotted"])

    @property
    def breakdown(self) -> str:
        """Field to group by, or ``NO_BREAKDOWN``."""
        return str(self.chosen["breakdown"])

    @property
    def group_field(self) -> str | None:
        """The field to group by, if any."""
        return None if self.breakdown == NO_BREAKDOWN else self.breakdown

    @property
    def with_intervals(self) -> bool:
        """Whether confidence intervals are computed."""
        return bool(self.chosen["intervals"] == SHOWN)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the panel's state and for runs."""
        return dict(self.chosen)
