"""Compression by real codecs."""

from collections.abc import Mapping
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from .pixels import Pixels

# mct=1: without the transform to Y'CbCr, which Pillow leaves out by default, the same bytes hold much less.
_JPEG_2000: Final[Mapping[str, object]] = {"irreversible": True, "mct": 1, "quality_mode": "rates"}


def jpeg_2000(rgb: Pixels, ratio: float, _: np.random.Generator) -> Pixels:
    """Compress as JPEG 2000, irreversibly, to one ``ratio``-th of the bytes, and decode again."""
    return _coded(rgb, "JPEG2000", **_JPEG_2000, quality_layers=[ratio])


def jpeg(rgb: Pixels, quality: float, _: np.random.Generator) -> Pixels:
    """Compress as JPEG of the given quality, 1 to 100, and decode again."""
    return _coded(rgb, "JPEG", quality=int(quality))


def damaged_jpeg_2000(rgb: Pixels, damages: float, rng: np.random.Generator) -> Pixels:
    """Compress as JPEG 2000 to a 20th of the bytes, change so many ``damages`` of them, and decode what is left.

    So do pictures look that were sent over a fading channel. Damages that no decoder gets over are drawn again, fewer
    each time.
    """
    data = np.frombuffer(_encoded(rgb, "JPEG2000", **_JPEG_2000, quality_layers=[20]), np.uint8)
    first = len(data) // 10  # The main header and the first packets, without which there is no picture.
    count = round(damages)
    while count:
        damaged = data.copy()
        places = rng.integers(first, len(data) - 2, count)
        damaged[places] ^= rng.integers(1, 256, count).astype(np.uint8)
        try:
            return np.array(Image.open(BytesIO(damaged.tobytes())).convert("RGB"))
        except (OSError, SyntaxError):
            count //= 2
    return np.array(Image.open(BytesIO(data.tobytes())))


def _coded(rgb: Pixels, codec: str, **settings: object) -> Pixels:
    return np.array(Image.open(BytesIO(_encoded(rgb, codec, **settings))))


def _encoded(rgb: Pixels, codec: str, **settings: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, codec, **settings)
    return buffer.getvalue()
