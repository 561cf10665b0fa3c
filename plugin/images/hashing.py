"""A hash by which pictures that look the same are known, whatever their size, format and compression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def perceptual_hash(image: Image.Image, frequencies: int) -> NDArray[np.uint8]:
    """Which of a picture's lowest frequencies lie above their median (C. Zauner's pHash).

    Args:
        image: the picture
        frequencies: how many there are along each side; a multiple of 4

    Returns:
        one bit for each of ``frequencies``², packed, shape (``frequencies``² / 8,)
    """
    # Slow to import, and most who may take a hash do not.
    from scipy.fft import dctn

    side = 4 * frequencies
    grey = np.asarray(image.convert("L").resize((side, side), Image.Resampling.BOX), np.float64)
    lowest = dctn(grey)[:frequencies, :frequencies].ravel()
    return np.packbits(lowest > np.median(lowest[1:]))
