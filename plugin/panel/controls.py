"""What the panel's selectors offer, and which choices stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import fiftyone as fo

from ..store import breakdown_fields, resolve_target, score_fields, target_fields

HIGHER: Final = "higher"
LOWER: Final = "lower"
NO_BREAKDOWN: Final = "(no breakdown)"

Problem = Literal["no target", "no scores"]


@dataclass(frozen=True)
class Choices:
    """What there is to choose from.

    Attributes:
        targets: numeric fields, the declared target first
        metrics: fields with scores
        breakdowns: fields to group by, preceded by ``NO_BREAKDOWN``
    """

    targets: list[str]
    metrics: list[str]
    breakdowns: list[str]

    @classmethod
    def of(cls, dataset: fo.Dataset) -> Choices:
        """What ``dataset`` offers."""
        return cls(
            targets=target_fields(dataset),
            metrics=list(score_fields(dataset)),
            breakdowns=[NO_BREAKDOWN, *breakdown_fields(dataset)],
        )

    @property
    def problem(self) -> Problem | None:
        """Why there is nothing to compare, if so."""
        if not self.metrics:
            return "no scores"
        return None if self.targets else "no target"

    def to_dict(self) -> dict[str, list[str]]:
        """As JSON, for the panel's state."""
        return asdict(self)


@dataclass(frozen=True)
class Controls:
    """What is chosen.

    Attributes:
        target: field with the target values
        direction: the target's, ``HIGHER`` or ``LOWER`` is better
        metric: field with the scores
        breakdown: field to group by, or ``NO_BREAKDOWN``
    """

    target: str
    direction: str
    metric: str
    breakdown: str

    @classmethod
    def settle(cls, dataset: fo.Dataset, choices: Choices, wanted: Mapping[str, Any]) -> Controls:
        """What is wanted where ``choices`` offers it, else the default.

        By default that is the declared target in its declared direction, the first metric, and the type of
        distortion, which ``choices`` lists first.
        """

        def pick(name: str, offered: list[str], default: str) -> str:
            value = wanted.get(name)
            return value if value in offered else default

        target = pick("target", choices.targets, choices.targets[0])
        declared = LOWER if resolve_target(dataset, target).lower_is_better else HIGHER
        return cls(
            target=target,
            direction=pick("direction", [HIGHER, LOWER], declared),
            metric=pick("metric", choices.metrics, choices.metrics[0]),
            breakdown=pick("breakdown", choices.breakdowns, choices.breakdowns[:2][-1]),
        )

    @property
    def lower_is_better(self) -> bool:
        """The target's direction."""
        return self.direction == LOWER

    @property
    def group_field(self) -> str | None:
        """The field to group by, if any."""
        return None if self.breakdown == NO_BREAKDOWN else self.breakdown

    def to_dict(self) -> dict[str, str]:
        """As JSON, for the panel's state."""
        return asdict(self)
