"""What a visitor may have got wrong about a pair of pictures, as questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from ...plugin.images.alignment import shifted, turned
from .uploads import Picture

_LOSSY: Final = ("JPEG", "MPO", "WEBP", "AVIF", "JPEG2000", "HEIF", "JXL")

#: How many times larger than its reference's the file of a copy is for the two to look swapped.
_LARGER: Final = 2


def hints(reference: Picture, distorted: Picture) -> Iterator[str]:
    """Questions to ask of a pair before its score is believed; mostly none."""
    first, second = reference.decoded.image, distorted.decoded.image
    if way := turned(first, second):
        yield f"Is this the same picture, {way}? Turn it back, and the score says how good it looks."
    elif cut := shifted(first, second):
        sides = (
            (cut.right, "to the right", "to the left"),
            (cut.down, "down", "up"),
        )
        words = [f"{abs(by)} pixels {ahead if by > 0 else back}" for by, ahead, back in sides if by]
        where = f", moved by about {' and '.join(words)}" if words else ""
        yield f"Is this the same picture, cut elsewhere{where}? The score measures the move, not the quality."
    if _looks_swapped(reference, distorted):
        yield "Are the two swapped? The reference is the smaller file, and lossy: ⇄ Swap exchanges them."


def _looks_swapped(reference: Picture, distorted: Picture) -> bool:
    """Whether the reference was compressed with loss into much less than the distorted image."""
    if reference.decoded.shape != distorted.decoded.shape:
        return False
    sizes = [Path(picture.path).stat().st_size for picture in (reference, distorted)]
    return _LARGER * sizes[0] < sizes[1] and _format(reference) in _LOSSY


def _format(picture: Picture) -> str | None:
    try:
        with Image.open(picture.path) as image:
            return image.format
    except (UnidentifiedImageError, OSError):
        # What only other libraries read is not told apart here.
        return None
