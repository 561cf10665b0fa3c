"""What may have made an image look bad."""

from __future__ import annotations

from typing import Final, NamedTuple

METRIC: Final = "nr"
"""The metric that tells causes beside its score."""

NONE: Final = "none"
"""The cause of an image that nothing has happened to."""

TOP: Final = 3
"""How many causes of an image are kept in tables and fields."""

CAUSE: Final = "quality_cause"
CONFIDENCE: Final = "quality_cause_confidence"
CAUSES: Final = "quality_causes"
"""Columns and fields: the likeliest cause, how likely it is, and the first few."""


class Cause(NamedTuple):
    """A distortion, and how likely it is the one that an image has.

    Args:
        name: in words, such as "JPEG compression", or ``NONE``
        probability: 0 to 1
    """

    name: str
    probability: float
