"""Which files of a folder are images: one rule for whatever lists folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import UsageError

SUFFIXES: Final = (
    *(".apng", ".avif", ".avifs", ".bmp", ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif", ".icb"),
    *(".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".jxl", ".pbm", ".pfm"),
    *(".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".vda", ".vst", ".webp"),
)
"""What the names of the files that :func:`~.decoding.decode` reads end in, in lower case."""

NO_IMAGE: Final = "no image there; names of images end in .jpg, .png and the like"
"""What is said of a place where no file has such a name."""


@dataclass(frozen=True)
class Listing:
    """The files of a folder, or of one and all below it.

    Args:
        images: files with an image's suffix, sorted
        hidden: how many images are not listed because their names begin with a dot
        others: how many files are no images by their names, by suffix
    """

    images: tuple[Path, ...]
    hidden: int
    others: Counter[str]

    @property
    def note(self) -> str:
        """What is left out, in words; empty if nothing is."""
        parts = [f"{self.hidden} hidden"] if self.hidden else []
        if self.others:
            kinds = ", ".join(kind or "no suffix" for kind, _ in self.others.most_common(5))
            parts.append(f"{self.others.total()} that are no images by their names ({kinds})")
        return f"Files left out: {'; '.join(parts)}." if parts else ""


def is_image(path: Path) -> bool:
    """Whether a name is that of an image file."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def images_in(folder: Path) -> Listing:
    """The files of a folder, not those below it.

    Raises:
        UsageError: if there is no such folder, or an image's name is not UTF-8
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    return _listing(path for path in folder.iterdir() if path.is_file())


def images_below(folder: Path) -> Listing:
    """The files of a folder and of all folders below it; folders whose names begin with a dot are passed over.

    Raises:
        UsageError: if there is no such folder, one cannot be listed, or an image's name is not UTF-8
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")

    def refuse(error: OSError) -> None:
        raise UsageError(f"{error.filename}: cannot be listed ({error.strerror})") from error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names]
    return _listing(found)


def _listing(files: Iterable[Path]) -> Listing:
    files = sorted(files)
    images = tuple(filter(is_image, files))
    require_utf8(images)
    hidden = sum(path.suffix.lower() in SUFFIXES and path.name.startswith(".") for path in files)
    others = Counter(path.suffix.lower() for path in files if path.suffix.lower() not in SUFFIXES)
    return Listing(images, hidden, others)


def require_utf8(paths: Iterable[Path]) -> None:
    """Check that databases, tables and JSON can hold the paths.

    Raises:
        UsageError: if one is not UTF-8; says how many are not
    """
    wrong = [shown for path in paths if (shown := printable(path)) != str(path)]
    if wrong:
        others = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise UsageError(
            f"{wrong[0]}{others}: the name is not UTF-8, and no table or database can hold it; rename it"
        )


def printable(path: Path) -> str:
    """A path as text, with what is not UTF-8 in it as escapes."""
    return str(path).encode(errors="backslashreplace").decode()
