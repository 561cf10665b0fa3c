"""Which original an image was made from, by what both show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


def looked_at(paths: Iterable[Path]) -> Iterator[Measured | ImageError]:
    """What pairing needs of each image file, in their order."""
    return (examination.measured for examination in examine(Subject(None, path) for path in paths))


def pair_by_content(
    originals: Sequence[Path], copies: Sequence[Path], found: Sequence[Measured | ImageError]
) -> list[ContentPair]:
    """Propose the original of each copy, by a perceptual hash; names do not count.

    Args:
        originals: image files
        copies: image files
        found: what :func:`looked_at` gave of the originals and the copies
    """
    hashes = [None if isinstance(each, ImageError) else each.signs for each in found]
    split = len(originals)
    pairs = []
    for path, measured, matched in zip(copies, found[split:], match(hashes[split:], hashes[:split]), strict=True):
        ref = None if matched.original is None else originals[matched.original]
        error = str(measured) if isinstance(measured, ImageError) else "" if ref else f"{path}: like no original"
        pairs.append(ContentPair(path, ref, matched.distance, matched.confidence, error))
    return pairs
