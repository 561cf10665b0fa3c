"""Photographs to make distorted sets of."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from PIL import Image

from ...errors import ImageError, UsageError
from ...images import MIN_SIDE, decode_scorable, images_in


def photos_in(folder: Path) -> tuple[list[Path], str]:
    """The image files of a folder, by name, and what is left out, in words; UsageError where there is none."""
    found = images_in(folder)
    if not found.images:
        raise UsageError(f"{folder}: no photographs; folders below it are not looked into. {found.note}".rstrip())
    return list(found.images), found.note


def names_of(photos: Sequence[Path]) -> list[str]:
    """A name for each photograph, no two the same even where case does not count.

    It is its file's name without the suffix. Those that would be called the same have the suffix in it; if that is
    not enough, the folder too; and at last a number.
    """
    names = [photo.stem for photo in photos]
    for parts in (1, 2):
        wanted = Counter(name.casefold() for name in names)
        names = [
            name if wanted[name.casefold()] == 1 else "_".join(photo.parts[-parts:]).replace(".", "_")
            for name, photo in zip(names, photos, strict=True)
        ]
    taken: set[str] = set()
    for place, name in enumerate(names):
        numbered = (f"{name}_{number}" for number in count(2))
        names[place] = next(free for free in chain([name], numbered) if free.casefold() not in taken)
        taken.add(names[place].casefold())
    return names


def read_photo(path: Path, long_side: int | None) -> Image.Image:
    """The photograph as metrics see it, scaled down to ``long_side`` pixels where it is larger.

    Raises:
        ImageError: it cannot be scored, or is too small once it is scaled
    """
    image = decode_scorable(path).image
    if long_side:
        image.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    if min(image.size) < MIN_SIDE:
        raise ImageError(path, f"too small: {image.width}×{image.height} pixels once it is scaled")
    return image
