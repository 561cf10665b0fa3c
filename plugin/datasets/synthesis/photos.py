"""Photographs to make distorted sets of."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from PIL import Image, ImageOps

from ...errors import UsageError
from ..files import IMAGE_SUFFIXES, require_folder

SHORT_SIDE = 32


def photos_in(folder: Path) -> list[Path]:
    """The image files of a folder, by name; UsageError where there is no such folder or none in it."""
    require_folder(folder)
    photos = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES)
    if not photos:
        raise UsageError(f"{folder}: no photographs ({', '.join(IMAGE_SUFFIXES)})")
    return photos


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
    """The upright photograph as RGB, transparent parts white, scaled down to ``long_side`` pixels where it is larger.

    Raises:
        one of ``files.DECODE_ERRORS``: it cannot be decoded, has more than 8 bits a channel or is too small
    """
    with Image.open(path) as opened:
        if opened.mode in ("I", "F") or opened.mode.startswith("I;16"):
            raise ValueError(f"more than 8 bits a pixel (mode {opened.mode})")
        image = ImageOps.exif_transpose(opened)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    image = image.convert("RGB")
    if long_side:
        image.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    if min(image.size) < SHORT_SIDE:
        raise ValueError(f"too small: {image.width} × {image.height} pixels")
    return image
