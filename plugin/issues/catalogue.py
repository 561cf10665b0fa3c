"""Each measure with its unit, and each issue with the measure and threshold that decide it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ..errors import UsageError

PREFIX: Final = "quality_"
"""What the names of columns and fields begin with."""

Thresholds = Mapping[str, float]
"""Where each issue begins, by its name."""


@dataclass(frozen=True)
class Measure:
    """A number that an image has.

    Args:
        name: e.g. "sharpness"
        unit: of the number, e.g. "px"
        description: what it is, in a sentence
    """

    name: str
    unit: str
    description: str

    @property
    def field(self) -> str:
        """Name of its column and field."""
        return f"{PREFIX}{self.name}"


@dataclass(frozen=True)
class Issue:
    """Something that is wrong with an image.

    Args:
        name: in words, e.g. "low contrast"
        measure: name of the measure that decides it
        side: whether images "below" or "above" the threshold have it; those at it have not
        threshold: where it begins unless somebody says otherwise, in the measure's unit
        description: what it means, in a sentence
    """

    name: str
    measure: str
    side: Literal["below", "above"]
    threshold: float
    description: str

    @property
    def field(self) -> str:
        """Name of its field, which holds whether an image has it."""
        return f"{PREFIX}{self.name.replace(' ', '_')}"

    def applies(self, value: float | None, threshold: float | None = None) -> bool:
        """Whether an image of this value has it; none without a value."""
        limit = self.threshold if threshold is None else threshold
        return value is not None and (value < limit if self.side == "below" else value > limit)


_MEASURES: Final = (
    Measure("sharpness", "grey levels²", "Variance of the Laplacian of luma"),
    Measure("noise", "grey levels", "Standard deviation of noise in the flattest tenth of the image"),
    Measure("brightness", "% of white", "Mean luma"),
    Measure("contrast", "% of white", "Span of luma from its 2nd to its 98th percentile"),
    Measure("entropy", "bits", "Shannon entropy of the 256 values of luma"),
    Measure("clipping", "% of pixels", "Pixels that are black or white in all three colours"),
    Measure("colorfulness", "", "Hasler and Süsstrunk's measure: 0 is grey, 100 very colourful"),
    Measure("jpeg_quality", "of 100", "Quality of the standard JPEG tables nearest to the file's; JPEG files alone"),
    Measure("aspect_ratio", "", "Longer side by the shorter one"),
    Measure("side", "px", "Square root of width × height"),
    Measure("size_ratio", "times", "By how many times its side is larger or smaller than the set's median"),
    Measure("copies", "images", "Other images of the set whose pixels are all the same"),
    Measure("duplicate_distance", "% of bits", "How much its perceptual hash differs from the most alike of the set"),
)
MEASURES: Final[Mapping[str, Measure]] = {measure.name: measure for measure in _MEASURES}
"""Measures by name."""

_ISSUES: Final = (
    Issue("blurry", "sharpness", "below", 30, "No edge is sharp"),
    Issue("noisy", "noise", "above", 5, "Noise shows even in its flattest parts"),
    Issue("dark", "brightness", "below", 15, "Dark as a whole"),
    Issue("bright", "brightness", "above", 80, "Bright as a whole"),
    Issue("low contrast", "contrast", "below", 30, "Its darkest and brightest parts are near each other"),
    Issue("low information", "entropy", "below", 5, "Few different values: flat, or drawn"),
    Issue("clipped", "clipping", "above", 15, "Large parts are without any detail, black or white"),
    Issue("grey", "colorfulness", "below", 4, "Has no colour, where most images of the set have"),
    Issue("strong compression", "jpeg_quality", "below", 50, "JPEG tables of a low quality"),
    Issue("odd aspect ratio", "aspect_ratio", "above", 3, "Much longer than wide, or the other way round"),
    Issue("odd size", "size_ratio", "above", 4, "Much larger or smaller than the others"),
    Issue("exact duplicate", "copies", "above", 0, "An earlier image of the set has the same pixels"),
    Issue("near duplicate", "duplicate_distance", "below", 8, "An earlier image of the set looks nearly the same"),
)
ISSUES: Final[Mapping[str, Issue]] = {issue.name: issue for issue in _ISSUES}
"""Issues by name."""

UNREADABLE: Final = "unreadable"
"""The issue of files that are no image, or a damaged one; it has no measure."""


def thresholds_with(changes: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The thresholds of all issues, some of them changed.

    Args:
        changes: names of issues, with spaces or underscores, and their thresholds

    Raises:
        UsageError: no such issue, or a threshold that is no number
    """
    thresholds = {issue.name: issue.threshold for issue in _ISSUES}
    for given, value in changes:
        name = given.strip().replace("_", " ")
        if name not in thresholds:
            raise UsageError(f"no issue {given!r} with a threshold; there are {', '.join(thresholds)}")
        if not math.isfinite(value):
            raise UsageError(f"the threshold of {name} is {value}; it must be a finite number")
        thresholds[name] = value
    return thresholds
