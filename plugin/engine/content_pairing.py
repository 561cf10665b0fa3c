"""Which original an image was made from, by what both show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError
from ..issues import Measured
from ..issues.matching import match
from .examining import Subject, examine


@dataclass(frozen=True)
class ContentPair:
    """A copy and the original that it was made from.

    Args:
        dist: the copy
        ref: the original; None where none is alike
        distance: by which their hashes differ, in % of bits; None where one has no hash
        confidence: how much nearer the original is than the next one, 0 to 1
        error: why there is no original, empty where there is one
    """

    dist: Path
    ref: Path | None
    distance: float | None
    confidence: float
    error: str

    def row(self) -> dict[str, str]:
        """As a row of a table, paths from the root."""
        return {
            "dist": str(self.dist.absolute()),
            "ref": "" if self.ref is None else str(self.ref.absolute()),
            "distance": "" if self.distance is None else f"{self.distance:.4g}",
            "confidence": f"{self.confidence:.3f}",
            "error": " ".join(self.error.split()),
        }


def pair_by_content(
    originals: Sequence[Path], copies: Sequence[Path], *, progress: Callable[[int], None] | None = None
) -> list[ContentPair]:
    """Propose the original of each copy, by a perceptual hash; names do not count.

    Args:
        originals: image files
        copies: image files
        progress: told how many files have been looked at
    """
    found: list[Measured | ImageError] = []
    for examination in examine(Subject(None, path) for path in (*originals, *copies)):
        found.append(examination.measured)
        if progress:
            progress(len(found))
    hashes = [None if isinstance(each, ImageError) else each.signs for each in found]
    split = len(originals)
    pairs = []
    for path, measured, matched in zip(copies, found[split:], match(hashes[split:], hashes[:split]), strict=True):
        ref = None if matched.original is None else originals[matched.original]
        error = str(measured) if isinstance(measured, ImageError) else "" if ref else f"{path}: like no original"
        pairs.append(ContentPair(path, ref, matched.distance, matched.confidence, error))
    return pairs
