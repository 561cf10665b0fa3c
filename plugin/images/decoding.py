"""Files to pixels.

Decoding gives what a viewer shows: EXIF orientation applied, colours brought to sRGB by the file's profile, alpha
composited on white, first frame of an animation, 8 bits a channel. Whatever had to be done to a file is said in its
notes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFile, UnidentifiedImageError

from ..errors import ImageError, UsageError
from ..files import kind_of_file
from . import png, tiff
from .colour import on_white, to_srgb
from .formats import FORMATS, MissingPackageError, added_format
from .remote import is_remote, read_remote

MIN_SIDE: Final = 32
"""Smallest width and height, in pixels, that the networks here accept."""

MAX_PIXELS: Final = 89_478_485
"""Default limit on width × height; also where Pillow starts to warn of decompression bombs."""

_PILLOWS_LIMIT: Final = Lock()

#: Errors whose text says little without their name.
_UNCLEAR: Final = (OverflowError, MemoryError, RuntimeError, AssertionError, struct.error, zlib.error)
#: What Pillow's decoders raise on damaged data; anything else is a fault of ours and shows as one.
_DAMAGED: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *_UNCLEAR,
)

_ORIENTATION: Final = 0x0112
#: What EXIF says to do with stored pixels, by the number of its tag.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PASSED_OVER: Final = "unreadable metadata passed over"


@dataclass(frozen=True)
class Decoded:
    """A decoded image.

    Args:
        image: 8-bit RGB
        notes: what had to be done to the file beyond decoding, in words
        quantization: a JPEG file's quantisation tables by number, 64 steps by rows each; empty for other formats
    """

    image: Image.Image
    notes: tuple[str, ...] = ()
    quantization: Mapping[int, Sequence[int]] = field(default_factory=dict)

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

    Reads :data:`~deepmse.plugin.images.formats.FORMATS`, and HEIF and JPEG XL where the packages for them are
    installed; grey, palette, CMYK, alpha, 1 to 16 bits a channel. 16-bit samples keep their high byte.

    Args:
        source: path, bytes, binary file, or text such as ``s3://bucket/a.png`` (see :mod:`.remote`)
        name: what to call the image in errors; by default its path
        max_pixels: limit on width × height

    Raises:
        ImageError: if the path is empty, or the file is missing, not a regular file, empty, truncated, no image, of a
            kind without a defined 8-bit rendering, or larger than ``max_pixels``
    """
    if source == "":
        raise ImageError("empty path", "no image is named")
    label = name or (str(source) if isinstance(source, str | Path) else "image")
    try:
        with _opened(source, label) as stream:
            try:
                return _decode(stream, label, max_pixels)
            except _DAMAGED as error:
                return _without_metadata(stream, label, max_pixels, error)
    except FileNotFoundError:
        raise ImageError(label, "no such file") from None
    except PermissionError:
        raise ImageError(label, "not readable (permission denied)") from None
    except UnidentifiedImageError as error:
        raise ImageError(label, str(error)) from None
    except MissingPackageError as error:
        raise ImageError(label, str(error)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(label, f"over the limit of {max_pixels:,} pixels") from None
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.strerror:
            raise ImageError(label, f"not readable ({error.strerror})") from error
        kind = type(error).__name__
        unclear = isinstance(error, _UNCLEAR)
        raise ImageError(label, f"damaged or truncated: {f'{kind}, {error}' if unclear else error}") from error


def decode_scorable(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode an image that metrics can score: :func:`decode`, and large enough.

    Raises:
        ImageError: see :func:`decode`, or if it is smaller than :data:`MIN_SIDE` in width or height
    """
    decoded = decode(path, max_pixels=max_pixels)
    require_scorable(decoded, path)
    return decoded


def require_scorable(decoded: Decoded, path: str | Path) -> None:
    """Check that metrics can score an image.

    Raises:
        ImageError: if it is smaller than :data:`MIN_SIDE` in width or height
    """
    height, width = decoded.shape
    if min(height, width) < MIN_SIDE:
        raise ImageError(path, f"too small: {width}×{height}, and metrics need at least {MIN_SIDE}×{MIN_SIDE}")


@contextmanager
def _opened(source: str | Path | bytes | BinaryIO, label: str) -> Iterator[BinaryIO]:
    """A source as a binary file; by its path only a regular one, so that no pipe or device is waited for."""
    if isinstance(source, bytes):
        yield BytesIO(source)
    elif isinstance(source, str) and is_remote(source):
        try:
            content = read_remote(source)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ImageError(label, f"cannot be fetched ({error})") from error
        except UsageError as error:
            raise ImageError(label, str(error).removeprefix(f"{label}: ")) from error
        yield BytesIO(content)
    elif isinstance(source, str | Path):
        path = Path(source)
        if kind := kind_of_file(path.stat().st_mode):
            raise ImageError(label, f"is {kind}, not an image")
        # Opened here, since Pillow maps files that it opens itself into memory, and then turns them wrongly.
        with path.open("rb") as file:
            yield file
    else:
        yield source


def _decode(stream: BinaryIO, label: str, max_pixels: int) -> Decoded:
    notes: list[str] = []
    try:
        image = _open(stream, max_pixels)
    except UnidentifiedImageError:
        stream.seek(0)
        if stream.read(4) not in tiff.SIGNATURES:
            raise
        return _tiff(stream, label, max_pixels)
    with image:
        width, height = image.size
        if width * height > max_pixels:
            raise ImageError(label, f"over the limit of {max_pixels:,} pixels: {width}×{height}")
        if image.format == "TIFF" and not tiff.is_for_pillow(image):
            return _tiff(stream, label, max_pixels)
        if getattr(image, "is_animated", False):
            image.seek(0)
            notes.append("first frame of several")
        # Pillow reduces 16-bit colour by itself: only its name for the raw data tells.
        if not image.mode.startswith("I") and ";16" in str(image.tile):
            notes.append("16-bit colour reduced to 8 bits")
        alpha = png.transparent_colour(image, stream) if image.format == "PNG" else None
        if image.format == "TGA":
            stream.seek(17)
            has_no_alpha = not stream.read(1)[0] & 15
            if has_no_alpha and image.mode in ("RGBA", "LA"):
                alpha = Image.new("L", image.size, 255)
        image.load()
        orientation = _orientation(image, notes)
        shown = _shown(image, alpha, orientation, label, notes)
        return replace(shown, quantization=dict(getattr(image, "quantization", None) or {}))


def _tiff(stream: BinaryIO, label: str, max_pixels: int) -> Decoded:
    found = tiff.read(stream, label, max_pixels)
    notes = [found.note] if found.note else []
    return _shown(found.image, found.alpha, found.orientation, label, notes)


def _without_metadata(stream: BinaryIO, label: str, max_pixels: int, error: Exception) -> Decoded:
    """A PNG file's picture where its metadata stand in the way; else what stands in the way."""
    stream.seek(0)
    if stream.read(len(png.SIGNATURE)) == png.SIGNATURE:
        stream.seek(0)
        for content in png.without_metadata(stream.read()):
            try:
                found = _decode(BytesIO(content), label, max_pixels)
            except _DAMAGED:
                continue
            return replace(found, notes=(*found.notes, _PASSED_OVER))
    raise error


def _open(stream: BinaryIO, max_pixels: int) -> ImageFile.ImageFile:
    """Read a file's header; beyond :data:`MAX_PIXELS` Pillow's own limit, its whole process's, is out of force."""
    if max_pixels <= MAX_PIXELS:
        return _identify(stream)
    with _PILLOWS_LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return _identify(stream)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _identify(stream: BinaryIO) -> ImageFile.ImageFile:
    try:
        return Image.open(stream, formats=FORMATS)
    except UnidentifiedImageError:
        stream.seek(0)
        head = stream.read(32)
        if added := added_format(head):
            stream.seek(0)
            return Image.open(stream, formats=(added,))
        raise UnidentifiedImageError("not an image that can be read" if head else "the file is empty") from None


def _orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _DAMAGED:
        notes.append(_PASSED_OVER)
        return 1


def _shown(image: Image.Image, alpha: Image.Image | None, orientation: int, label: str, notes: list[str]) -> Decoded:
    """What a viewer shows of loaded pixels."""
    colours, alpha = _colours_and_alpha(image, alpha, label, notes)
    shown = to_srgb(colours, notes).convert("RGB")
    if alpha is not None:
        shown = on_white(shown, alpha, notes)
    if orientation in _TURNS:
        shown = shown.transpose(_TURNS[orientation])
        notes.insert(0, "EXIF orientation applied")
    return Decoded(shown, tuple(notes))


def _colours_and_alpha(
    image: Image.Image, alpha: Image.Image | None, label: str, notes: list[str]
) -> tuple[Image.Image, Image.Image | None]:
    """Pixels of mode L, RGB or CMYK, with the file's colour profile in ``info``, and their alpha of mode L if any."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        bits = 12 if getattr(image, "tag_v2", {}).get(258) == (12,) else 16
        samples = np.asarray(image).astype(np.uint16) >> (bits - 8)
        notes.append(f"{bits}-bit grey reduced to 8 bits")
        grey = Image.fromarray(samples.astype(np.uint8))
        grey.info = image.info
        return grey, alpha
    if image.mode in ("I", "F"):
        raise ImageError(label, "signed, float or 32-bit samples have no defined white; convert to 8 or 16 bits")
    if image.mode == "LAB":
        raise ImageError(label, "CIELAB files are not supported; convert to RGB")
    if alpha is None and image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Pillow takes all inks to be inverted, which only Adobe's are.
        info, image = image.info, ImageChops.invert(image)
        image.info = info
    if image.mode in ("L", "RGB", "CMYK"):
        return image, alpha
    return image.convert("L" if image.mode == "1" else "RGB"), alpha
