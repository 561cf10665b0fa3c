"""TIFF files of the kinds that Pillow reads wrongly or not at all, by tifffile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ImageError

SIGNATURES: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

#: Numbers of tags (TIFF 6.0), and of their values.
_BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _PLANAR, _EXTRA, _PROFILE = 258, 262, 274, 277, 284, 338, 34675
_SEPARATE_PLANES: Final = 2
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _SEPARATED = 0, 1, 2, 3, 5
_COLOURS: Final = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _SEPARATED: 4}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_MODES: Final = {1: "L", 3: "RGB", 4: "CMYK"}


@dataclass(frozen=True)
class Pixels:
    """A TIFF file's first page.

    Args:
        image: mode L, RGB or CMYK; its ICC profile is in ``info``
        alpha: mode L, where it has one
        orientation: number of the EXIF tag
        note: what had to be done to the samples; empty if nothing
    """

    image: Image.Image
    alpha: Image.Image | None
    orientation: int
    note: str


def is_for_pillow(image: Any) -> bool:
    """Whether Pillow's pixels of an opened TIFF file are right.

    It mixes up the bytes of 16-bit samples in separate planes, and the planes of grey and alpha, does not know planes
    of associated alpha, and shows 16-bit samples that count from white as negatives.
    """
    tags = image.tag_v2
    is_deep = 16 in tags.get(_BITS, ())
    if tags.get(_PLANAR) == _SEPARATE_PLANES:
        is_associated = _ASSOCIATED in tags.get(_EXTRA, ())
        return not (is_deep or is_associated or tags.get(_SAMPLES) == 2)
    return not (is_deep and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)


def read(stream: BinaryIO, label: str, max_pixels: int) -> Pixels:
    """Read the first page: grey, palette, RGB or CMYK of 1 to 16 bits a sample, with or without alpha.

    Args:
        stream: the file
        label: what to call it in errors
        max_pixels: limit on width × height

    Raises:
        ImageError: if it is damaged, of another kind, or over the limit
    """
    import tifffile

    try:
        stream.seek(0)
        with tifffile.TiffFile(stream) as file:
            page: Any = file.pages.first
            _check(page, label, max_pixels)
            samples = page.asarray(maxworkers=1)
            if page.axes.startswith("S"):
                samples = np.moveaxis(samples, 0, -1)
            samples = samples.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
            return _pixels(page, samples)
    except ImageError:
        raise
    except Exception as error:  # Damaged files raise almost anything.
        if "imagecodecs" in str(error):
            raise ImageError(
                label, "a TIFF of a compression that needs imagecodecs; pip install 'fiftyone-deepmse[formats]'"
            ) from error
        raise ImageError(label, f"damaged or truncated: {error}") from error


def _check(page: Any, label: str, max_pixels: int) -> None:
    width, height = page.imagewidth, page.imagelength
    tile = (page.tilewidth or 1) * (page.tilelength or 1) if page.is_tiled else 1
    if not width * height:
        raise ImageError(label, f"damaged or truncated: its size is {width}×{height}")
    if max(width * height, tile) > max_pixels:
        raise ImageError(label, f"over the limit of {max_pixels:,} pixels: {width}×{height}")
    colours = _COLOURS.get(int(page.photometric))
    if colours is None or page.samplesperpixel not in (colours, colours + 1):
        raise ImageError(
            label,
            f"a TIFF of {page.samplesperpixel} samples a pixel, {page.photometric.name.lower()}, is not read; "
            "convert it to grey, RGB or CMYK",
        )
    if page.dtype is None or page.dtype.kind not in "bu" or page.bitspersample > 16 or page.imagedepth != 1:
        raise ImageError(label, "signed, float or 32-bit samples have no defined white; convert to 8 or 16 bits")


def _pixels(page: Any, samples: NDArray[Any]) -> Pixels:
    bits = int(page.bitspersample)
    if page.photometric == _PALETTE:
        colours = (page.colormap >> 8).astype(np.uint8).T[samples[..., 0]]
    else:
        colours = _to_8_bits(samples[..., : _COLOURS[page.photometric]], bits)
        if page.photometric == _WHITE_IS_ZERO:
            colours = 255 - colours
    alpha = None
    kind = page.extrasamples[0] if page.extrasamples else 0
    if kind in (_ASSOCIATED, _UNASSOCIATED):
        alpha = _to_8_bits(samples[..., -1], bits)
        if kind == _ASSOCIATED:
            share = np.maximum(alpha, 1)[..., None] / 255
            colours = np.minimum(np.rint(colours / share), 255).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(colours[..., 0] if colours.shape[-1] == 1 else colours))
    if colours.shape[-1] == 4:
        image = Image.frombytes("CMYK", image.size, colours.tobytes())
    tags = page.tags
    if _PROFILE in tags:
        image.info["icc_profile"] = bytes(tags[_PROFILE].value)
    orientation = int(tags[_ORIENTATION].value) if _ORIENTATION in tags else 1
    note = "" if bits in (1, 8) or page.photometric == _PALETTE else f"{bits}-bit samples brought to 8 bits"
    return Pixels(image, None if alpha is None else Image.fromarray(alpha), orientation, note)


def _to_8_bits(samples: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """The high byte, or where there are fewer bits the whole range."""
    if bits >= 8:
        return (samples >> (bits - 8)).astype(np.uint8)
    return (samples.astype(np.uint16) * 255 // ((1 << bits) - 1)).astype(np.uint8)
