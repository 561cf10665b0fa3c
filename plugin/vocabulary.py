"""Words and defaults that forms, panels and commands share."""

from typing import Final

HIGHER: Final = "higher"
LOWER: Final = "lower"
DIRECTIONS: Final = {HIGHER: "Higher is better", LOWER: "Lower is better"}
"""What to call each direction of a score or a target."""

NO_BREAKDOWN: Final = "(no breakdown)"
SHOWN: Final = "95 %"
"""Confidence intervals are computed and shown."""

HIDDEN: Final = "none"
"""Confidence intervals are not computed."""

RESAMPLES: Final = 1000
"""Bootstrap resamples, where no other number is asked for."""


def direction(lower_is_better: bool) -> str:
    """``HIGHER`` or ``LOWER``."""
    return LOWER if lower_is_better else HIGHER


def direction_in_words(lower_is_better: bool) -> str:
    """The direction within a sentence: "higher is better" or "lower is better"."""
    return DIRECTIONS[direction(lower_is_better)].lower()
