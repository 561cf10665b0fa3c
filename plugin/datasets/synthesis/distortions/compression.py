"""Compression by real codecs."""

from io import BytesIO

import numpy as np
from PIL import Image

from .pixels import Pixels


def jpeg_2000(rgb: Pixels, ratio: float, _: np.random.Generator) -> Pixels:
    """Compress as JPEG 2000, irreversibly, to one ``ratio``-th of the bytes, and decode again."""
    # mct=1: without the transform to Y'CbCr, which Pillow leaves out by default, the same bytes hold much less.
    return _coded(rgb, "JPEG2000", irreversible=True, mct=1, quality_mode="rates", quality_layers=[ratio])


def jpeg(rgb: Pixels, quality: float, _: np.random.Generator) -> Pixels:
    """Compress as JPEG of the given quality, 1 to 100, and decode again."""
    return _coded(rgb, "JPEG", quality=int(quality))


def _coded(rgb: Pixels, codec: str, **settings: object) -> Pixels:
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, codec, **settings)
    return np.array(Image.open(buffer))
