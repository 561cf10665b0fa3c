"""Noise, and what removing it leaves. Variances are those of values from 0 to 1."""

import numpy as np
import scipy

from .colour_spaces import RGB_TO_YCBCR, mix
from .pixels import Floats, Pixels, to_pixels, to_unit

_BLOCK, _STEP = 16, 4
_YCBCR_TO_RGB: Floats = np.linalg.inv(RGB_TO_YCBCR)


def white_noise(rgb: Pixels, variance: float, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise to each channel by itself."""
    return to_pixels(to_unit(rgb) + _gaussian(rgb.shape, variance, rng))


def white_noise_color_component(rgb: Pixels, variance: float, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise to each channel of Y'CbCr by itself."""
    return to_pixels(to_unit(rgb) + mix(_YCBCR_TO_RGB, _gaussian(rgb.shape, variance, rng)))


def impulse_noise(rgb: Pixels, share: float, rng: np.random.Generator) -> Pixels:
    """Set a ``share`` of the values, each channel by itself, to black or white."""
    chance = rng.random(rgb.shape, np.float32)
    return np.where(chance < share, np.where(chance < share / 2, np.uint8(0), np.uint8(255)), rgb)


def multiplicative_noise(rgb: Pixels, variance: float, rng: np.random.Generator) -> Pixels:
    """Multiply each value by 1 plus uniform noise."""
    noise = np.float32(np.sqrt(12 * variance)) * (rng.random(rgb.shape, np.float32) - np.float32(0.5))
    return to_pixels(to_unit(rgb) * (1 + noise))


def denoise(rgb: Pixels, variance: float, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise to each channel by itself and remove it again.

    The published generator removes it by a neural network, DnCNN. Here it is the thresholding of overlapping blocks'
    cosine transforms: G. Yu, G. Sapiro, "DCT image denoising", Image Processing On Line 1 (2011).
    """
    noisy = np.clip(to_unit(rgb) + _gaussian(rgb.shape, variance, rng), 0, 1)
    return to_pixels(_threshold_blocks(noisy, np.float32(3 * np.sqrt(variance))))


def _gaussian(shape: tuple[int, ...], variance: float, rng: np.random.Generator) -> Floats:
    return np.float32(np.sqrt(variance)) * rng.standard_normal(shape, np.float32)


def _threshold_blocks(values: Floats, threshold: np.float32) -> Floats:
    """The mean over shifted grids of blocks, each without the coefficients below the threshold."""
    height, width = values.shape[:2]
    down, across = -(-height // _BLOCK) + 1, -(-width // _BLOCK) + 1
    # Room for every grid to cover the whole image.
    below, right = (count * _BLOCK - _STEP - size for count, size in ((down, height), (across, width)))
    padded = np.pad(values, ((_BLOCK, below), (_BLOCK, right), (0, 0)), mode="symmetric")
    total = np.zeros_like(padded)
    shifts = range(0, _BLOCK, _STEP)
    for top in shifts:
        for left in shifts:
            grid = np.s_[top : top + down * _BLOCK, left : left + across * _BLOCK]
            blocks = padded[grid].reshape(down, _BLOCK, across, _BLOCK, 3)
            spectrum = scipy.fft.dctn(blocks, axes=(1, 3, 4), norm="ortho")
            spectrum[np.abs(spectrum) < threshold] = 0
            total[grid] += scipy.fft.idctn(spectrum, axes=(1, 3, 4), norm="ortho").reshape(total[grid].shape)
    total /= len(shifts) ** 2
    return total[_BLOCK : _BLOCK + height, _BLOCK : _BLOCK + width]
