"""Files to pixels.

Decoding gives what a viewer shows: EXIF orientation applied, alpha composited on white, first frame of an
animation, 8 bits a channel. Whatever had to be done to a file is said in its notes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from ..errors import ImageError
from .policies import BACKGROUND

MIN_SIDE: Final = 32
"""Smallest width and height, in pixels, that the networks here accept."""

MAX_PIXELS: Final = 89_478_485
"""Default limit on width × height; also where Pillow starts to warn of decompression bombs."""

FORMATS: Final = (
    *("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP"),
    *(("AVIF",) if find_spec("PIL.AvifImagePlugin") else ()),
)
"""The file formats that are read, by Pillow's names: those of photographs. Pillow's others are game textures, vector
graphics that start Ghostscript, and the like."""

_PILLOWS_LIMIT: Final = Lock()


@dataclass(frozen=True)
class Decoded:
    """A decoded image.

    Args:
        image: 8-bit RGB
        notes: what had to be done to the file beyond decoding, in words
    """

    image: Image.Image
    notes: tuple[str, ...] = ()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """RGB, shape (H, W, 3), uint8."""
        return np.array(self.image)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.height, self.image.width


def decode(
    source: str | Path | bytes | BinaryIO, *, name: str | None = None, max_pixels: int = MAX_PIXELS
) -> Decoded:
    """Decode an image to 8-bit RGB as a viewer would show it.

    Reads :data:`FORMATS`; grey, palette, CMYK, alpha, 1, 8 and 16 bits a channel. 16-bit samples keep their high
    byte.

    Args:
        source: path, bytes or binary file
        name: what to call the image in errors; by default its path
        max_pixels: limit on width × height

    Raises:
        ImageError: if the path is empty, or the file is missing, empty, truncated, no image, of a kind without a
            defined 8-bit rendering, or larger than ``max_pixels``
    """
    if source == "":
        raise ImageError("empty path", "no image is named")
    label = name or (str(source) if isinstance(source, str | Path) else "image")
    stream: Any = BytesIO(source) if isinstance(source, bytes) else source
    try:
        with _open(stream, max_pixels) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise ImageError(label, f"{width}×{height} is over the limit of {max_pixels:,} pixels")
            notes: list[str] = []
            if getattr(image, "is_animated", False):
                image.seek(0)
                notes.append("first frame of several")
            # Pillow reduces 16-bit colour by itself: only its name for the raw data tells.
            if not image.mode.startswith("I") and ";16" in str(image.tile):
                notes.append("16-bit colour reduced to 8 bits")
            image.load()
            rgb = _as_rgb(image, label, notes)
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(label, "no such file") from None
    except IsADirectoryError:
        raise ImageError(label, "is a folder, not an image") from None
    except PermissionError:
        raise ImageError(label, "not readable (permission denied)") from None
    except UnidentifiedImageError:
        raise ImageError(label, _why_unidentified(stream)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(label, f"over the limit of {max_pixels:,} pixels") from None
    # What Pillow's decoders raise on damaged data; anything else is a fault of ours and shows as one.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise ImageError(label, f"not readable ({error.strerror})") from error
        raise ImageError(label, f"damaged or truncated ({error})") from error
    except (OverflowError, MemoryError, RuntimeError, struct.error, zlib.error) as error:
        raise ImageError(label, f"damaged or truncated ({type(error).__name__}: {error})") from error
    return Decoded(rgb, tuple(notes))


def _open(stream: Any, max_pixels: int) -> ImageFile.ImageFile:
    """Read a file's header; beyond :data:`MAX_PIXELS` Pillow's own limit, its whole process's, is out of force."""
    if max_pixels <= MAX_PIXELS:
        return Image.open(stream, formats=FORMATS)
    with _PILLOWS_LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(stream, formats=FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _why_unidentified(stream: Any) -> str:
    if isinstance(stream, str | Path):
        path = Path(stream)
        return "the file is empty" if path.stat().st_size == 0 else "not an image that can be read"
    stream.seek(0)
    return "not an image that can be read" if stream.read(1) else "the file is empty"


def _as_rgb(image: Image.Image, label: str, notes: list[str]) -> Image.Image:
    orientation = image.getexif().get(0x0112, 1)
    if orientation in range(2, 9):
        image = ImageOps.exif_transpose(image)
        notes.append("EXIF orientation applied")

    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        bits = 12 if getattr(image, "tag_v2", {}).get(258) == (12,) else 16
        samples = np.asarray(image).astype(np.uint16) >> (bits - 8)
        notes.append(f"{bits}-bit grey reduced to 8 bits")
        return Image.fromarray(samples.astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ImageError(label, "signed, float or 32-bit samples have no defined white; convert to 8 or 16 bits")
    if image.mode == "LAB":
        raise ImageError(label, "CIELAB files are not supported; convert to RGB")

    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            notes.append("alpha composited on white")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (*BACKGROUND, 255)), rgba)
    elif image.mode == "CMYK":
        notes.append("CMYK converted without its colour profile")
    return image.convert("RGB")
