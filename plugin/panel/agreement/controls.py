"""What the panel's selectors offer, and which choices stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import fiftyone as fo

from ...figures import STATISTICS, TESTS
from ...store import breakdown_fields, resolve_target, score_fields, target_fields

HIGHER: Final = "higher"
LOWER: Final = "lower"
NO_BREAKDOWN: Final = "(no breakdown)"
PINNED: Final = "pinned"
WHOLE: Final = "whole"
NORMALISED: Final = "normalised"
AS_IS: Final = "as is"
SHOWN: Final = "95 %"
HIDDEN: Final = "none"
PARTS: Final = "parts of images"
"""The problem with a view of patches, frames or clips."""

_FREE_INTERVALS: Final = 5000
"""Up to this many scores intervals are computed unasked: for more it takes seconds."""

TABS: Final = {
    "overview": "Agreement",
    "residuals": "Residuals",
    "significance": "Significance",
    "levels": "Levels",
    "runs": "Saved",
}

Problem = Literal["no target", "no scores"]


@dataclass(frozen=True)
class Choices:
    """What there is to choose from.

    Attributes:
        targets: numeric fields, the declared target first
        metrics: fields with scores, and the title of the metric of each
        breakdowns: fields to group by, preceded by ``NO_BREAKDOWN``
    """

    targets: list[str]
    metrics: dict[str, str]
    breakdowns: list[str]

    @classmethod
    def of(cls, dataset: fo.Dataset) -> Choices:
        """What ``dataset`` offers."""
        return cls(
            targets=target_fields(dataset),
            metrics={field: metric.title for field, metric in score_fields(dataset).items()},
            breakdowns=[NO_BREAKDOWN, *breakdown_fields(dataset)],
        )

    @property
    def problem(self) -> Problem | None:
        """Why there is nothing to compare, if so."""
        if not self.metrics:
            return "no scores"
        return None if self.targets else "no target"

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the panel's state."""
        return asdict(self)


@dataclass(frozen=True)
class Controls:
    """What is chosen.

    Attributes:
        target: field with the target values
        direction: the target's, ``HIGHER`` or ``LOWER`` is better
        metrics: fields with the scores that are compared
        plotted: the one of ``metrics`` that is plotted
        breakdown: field to group by, or ``NO_BREAKDOWN``
        statistic: what is shown of several metrics, one of ``STATISTICS``
        intervals: whether confidence intervals are ``SHOWN`` or ``HIDDEN``
        scope: whether the ``PINNED`` view or the ``WHOLE`` dataset is evaluated
        test: what decides between metrics, one of ``TESTS``
        scale: whether level curves are ``NORMALISED`` or ``AS_IS``
    """

    target: str
    direction: str
    metrics: tuple[str, ...]
    plotted: str
    breakdown: str
    statistic: str
    intervals: str
    scope: str
    test: str
    scale: str

    @classmethod
    def settle(cls, dataset: fo.Dataset, choices: Choices, wanted: Mapping[str, Any]) -> Controls:
        """What is wanted where ``choices`` offers it, else the default.

        By default that is the declared target in its declared direction, all metrics, the type of distortion, which
        ``choices`` lists first, and intervals where they cost little.
        """

        def pick(name: str, offered: Sequence[str], default: str) -> str:
            value: str = wanted.get(name) or default
            return value if value in offered else default

        target = pick("target", choices.targets, choices.targets[0])
        declared = LOWER if resolve_target(dataset, target).lower_is_better else HIGHER
        metrics = tuple(name for name in wanted.get("metrics") or () if name in choices.metrics)
        metrics = metrics or tuple(choices.metrics)
        affordable = len(dataset) * len(metrics) <= _FREE_INTERVALS
        return cls(
            target=target,
            direction=pick("direction", (HIGHER, LOWER), declared),
            metrics=metrics,
            plotted=pick("plotted", metrics, metrics[0]),
            breakdown=pick("breakdown", choices.breakdowns, choices.breakdowns[:2][-1]),
            statistic=pick("statistic", tuple(STATISTICS), "srcc"),
            intervals=pick("intervals", (SHOWN, HIDDEN), SHOWN if affordable else HIDDEN),
            scope=pick("scope", (PINNED, WHOLE), PINNED),
            test=pick("test", tuple(TESTS), "bootstrap"),
            scale=pick("scale", (NORMALISED, AS_IS), NORMALISED),
        )

    @property
    def lower_is_better(self) -> bool:
        """The target's direction."""
        return self.direction == LOWER

    @property
    def group_field(self) -> str | None:
        """The field to group by, if any."""
        return None if self.breakdown == NO_BREAKDOWN else self.breakdown

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the panel's state."""
        return {**asdict(self), "metrics": list(self.metrics)}
