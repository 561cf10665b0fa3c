"""Whether one picture is another turned, mirrored or cut elsewhere: a cheap look at small grey copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TURNS: Final = {
    "turned by a quarter to the left": lambda grey: np.rot90(grey, 1),
    "upside down": lambda grey: np.rot90(grey, 2),
    "turned by a quarter to the right": lambda grey: np.rot90(grey, 3),
    "mirrored": np.fliplr,
    "mirrored, and upside down": np.flipud,
}

#: Correlations of grey levels: from which on pictures are the same, and up to which they are not.
_SAME: Final = 0.9
_OTHER: Final = 0.7

_SIDE: Final = 32
_LONGEST: Final = 192

Grey = NDArray[np.float64]


@dataclass(frozen=True)
class Cut:
    """Where one picture lies over another.

    Args:
        right: how far to the right its left edge is of the other's, in pixels of the other; negative to the left
        down: how far down its upper edge is, likewise
    """

    right: int
    down: int


def turned(first: Image.Image, second: Image.Image) -> str:
    """How the second picture is turned or mirrored against the first, in words; empty where it is not."""
    small = [_normalised(_grey(image, (_SIDE, _SIDE))) for image in (first, second)]
    if _correlation(*small) > _OTHER:
        return ""
    likeness = {words: _correlation(_normalised(turn(small[0])), small[1]) for words, turn in TURNS.items()}
    best = max(likeness, key=lambda words: likeness[words])
    return best if likeness[best] > _SAME else ""


def shifted(first: Image.Image, second: Image.Image) -> Cut | None:
    """Where the second picture lies over the first, if it is the same scene at the same scale, cut elsewhere.

    By phase correlation (C. D. Kuglin and D. C. Hines, 1975) of copies that are small and padded; what it finds
    counts only where the pictures then agree.
    """
    shrink = min(1.0, _LONGEST / max(*first.size, *second.size))
    ours, theirs = (
        _grey(image, (max(8, round(image.width * shrink)), max(8, round(image.height * shrink))))
        for image in (first, second)
    )
    if ours.shape == theirs.shape and _correlation(_normalised(ours), _normalised(theirs)) > _OTHER:
        return None
    shape = [a + b for a, b in zip(ours.shape, theirs.shape, strict=True)]
    spectrum = np.fft.rfft2(ours - ours.mean(), shape) * np.conj(np.fft.rfft2(theirs - theirs.mean(), shape))
    peaks = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-9), shape)
    top, left = (
        int(place) if place < ours_side else int(place) - side
        for place, ours_side, side in zip(np.unravel_index(peaks.argmax(), shape), ours.shape, shape, strict=True)
    )
    mine = ours[max(0, top) : top + theirs.shape[0], max(0, left) : left + theirs.shape[1]]
    over = theirs[max(0, -top) :, max(0, -left) :][: mine.shape[0], : mine.shape[1]]
    if min(mine.shape, default=0) < 8 or mine.size < min(ours.size, theirs.size) / 4:
        return None
    if _correlation(_normalised(mine), _normalised(over)) < _SAME:
        return None
    return Cut(round(left / shrink), round(top / shrink))


def _grey(image: Image.Image, size: tuple[int, int]) -> Grey:
    grey: Grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), dtype=np.float64)
    return grey


def _normalised(grey: Grey) -> Grey:
    """Levels of mean 0 and length 1; all 0 where the picture is flat."""
    levels = grey - grey.mean()
    length = float(np.linalg.norm(levels))
    return np.divide(levels, length) if length > 1e-9 else np.zeros_like(levels)


def _correlation(first: Grey, second: Grey) -> float:
    return float((first * second).sum())
