"""Images between 8-bit pixels and numbers."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
AnyFloats = NDArray[np.floating]


def to_unit(pixels: Pixels) -> Floats:
    """Pixels as numbers from 0 to 1."""
    return pixels * np.float32(1 / 255)


def to_pixels(values: AnyFloats) -> Pixels:
    """The nearest pixels of numbers whose black is 0 and whose white is 1."""
    pixels: Pixels = np.clip(np.rint(255 * values), 0, 255).astype(np.uint8)
    return pixels
