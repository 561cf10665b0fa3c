"""Photographs to make distorted sets of."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

from ..errors import UsageError
from .files import IMAGE_SUFFIXES, require_folder

SHORT_SIDE = 32


def photos_in(folder: Path) -> list[Path]:
    """The image files of a folder, by name; UsageError where there is no such folder or none in it."""
    require_folder(folder)
    photos = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES)
    if not photos:
        raise UsageError(f"{folder}: no photographs ({', '.join(IMAGE_SUFFIXES)})")
    return photos


def names_of(photos: Sequence[Path]) -> list[str]:
    """A name for each photograph: its file's without the suffix, or with it where two would be the same."""
    stems = Counter(path.stem.casefold() for path in photos)
    names = [path.stem if stems[path.stem.casefold()] == 1 else path.name.replace(".", "_") for path in photos]
    for name, count in Counter(name.casefold() for name in names).items():
        if count > 1:
            raise UsageError(f"two photographs would be called {name}; rename one of them")
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
