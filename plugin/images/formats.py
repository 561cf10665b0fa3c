"""The file formats that are read, and the packages that add to them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from PIL import Image

FORMATS: Final = (
    *("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP"),
    *(("AVIF",) if find_spec("PIL.AvifImagePlugin") else ()),
)
"""Those that Pillow reads by itself, by its names: the formats of photographs. Its others are game textures, vector
graphics that start Ghostscript, and the like."""

#: Pillow's name of each format that a package adds, the package's module, and how its files begin.
_ADDED: Final = (
    ("HEIF", "pillow_heif", 4, tuple(b"ftyp" + kind for kind in (b"heic", b"heix", b"heim", b"heis", b"mif1"))),
    ("JXL", "pillow_jxl", 0, (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")),
)


class MissingPackageError(Exception):
    """A file's format needs a package that is not installed; the message names both."""


def added_format(head: bytes) -> str | None:
    """The format of a file that begins so, ready to be opened, if a package adds it.

    Raises:
        MissingPackageError: if the package is not installed
    """
    for name, module, offset, signatures in _ADDED:
        if head[offset:].startswith(signatures):
            if find_spec(module) is None:
                raise MissingPackageError(f"a {name} file: pip install 'fiftyone-deepmse[formats]' to read it")
            package = import_module(module)
            if name not in Image.OPEN:
                package.register_heif_opener()
            return name
    return None
