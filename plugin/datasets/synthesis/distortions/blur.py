"""Blurs. Beyond its border an image goes on as its outermost pixels."""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from .pixels import Pixels, to_pixels, to_unit


def gaussian_blur(rgb: Pixels, sigma: float, _: np.random.Generator) -> Pixels:
    """Blur by a Gaussian of ``sigma`` pixels."""
    return to_pixels(scipy.ndimage.gaussian_filter(to_unit(rgb), sigma, mode="nearest", axes=(0, 1)))


def lens_blur(rgb: Pixels, radius: float, _: np.random.Generator) -> Pixels:
    """Blur by a disk of ``radius`` pixels, the image of a point out of focus."""
    return _convolve(rgb, _disk(radius))


def motion_blur(rgb: Pixels, length: float, rng: np.random.Generator) -> Pixels:
    """Blur along a line of ``length`` pixels in a random direction."""
    return _convolve(rgb, _line(length, math.radians(rng.integers(0, 180))))


def _disk(radius: float) -> NDArray[np.float64]:
    """How much of each pixel a disk covers, 1 in all."""
    reach = math.ceil(radius - 0.5)
    size, strips = 2 * reach + 1, 64
    across = (np.arange(size * strips) + 0.5) / strips - size / 2
    half_chord = np.sqrt(np.maximum(radius**2 - across**2, 0))[:, None]
    edges = np.arange(size + 1) - size / 2
    covered = np.diff(np.clip(edges, -half_chord, half_chord), axis=1)
    return _normalised(covered.reshape(size, strips, size).sum(axis=1))


def _line(length: float, angle: float) -> NDArray[np.float64]:
    """A line one pixel wide whose weight falls to 0 within a pixel around it, 1 in all."""
    half = (length - 1) / 2
    reach = math.ceil(half)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    beyond = np.maximum(np.abs(x * math.cos(angle) + y * math.sin(angle)) - half, 0)
    aside = y * math.cos(angle) - x * math.sin(angle)
    return _normalised(np.maximum(1 - np.hypot(aside, beyond), 0))


def _normalised(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = kernel / kernel.sum()
    return result


def _convolve(rgb: Pixels, kernel: NDArray[np.float64]) -> Pixels:
    reach = len(kernel) // 2
    padded = np.pad(to_unit(rgb), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    weights = kernel.astype(np.float32)[..., None]
    return to_pixels(scipy.signal.fftconvolve(padded, weights, mode="valid", axes=(0, 1)))
