"""Distortions of place, resolution and number of values."""

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image

from .pixels import Pixels, to_pixels, to_unit

_PATCH = 16
_BLOCK = 32
_ENLARGING = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def jitter(rgb: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    """Five times, move each pixel by Gaussian noise of ``amount`` pixels each way."""
    height, width = rgb.shape[:2]
    grid = np.indices((height, width), np.float32)
    channels = list(np.moveaxis(to_unit(rgb), -1, 0))
    for _ in range(5):
        places = grid + np.float32(amount) * rng.standard_normal(grid.shape, np.float32)
        channels = [scipy.ndimage.map_coordinates(channel, places, order=3, mode="nearest") for channel in channels]
    return to_pixels(np.stack(channels, axis=-1))


def non_eccentricity_patch(rgb: Pixels, count: float, rng: np.random.Generator) -> Pixels:
    """Copy ``count`` patches of 16 × 16 pixels, one after the other, up to 8 pixels away each way."""
    result = rgb.copy()
    room = np.maximum(np.array(rgb.shape[:2]) - _PATCH, 0)
    for _ in range(int(count)):
        old = rng.integers(0, room, endpoint=True)
        new = np.clip(old + rng.integers(-_PATCH // 2, _PATCH // 2, 2, endpoint=True), 0, room)
        result[_square(new, _PATCH)] = result[_square(old, _PATCH)].copy()
    return result


def pixelate(rgb: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Keep every so many pixels, (0.95 - strength^0.6) of them each way, and repeat them to the old size."""
    height, width = rgb.shape[:2]
    kept = 0.95 - strength**0.6
    small = max(1, round(kept * width)), max(1, round(kept * height))
    nearest = Image.Resampling.NEAREST
    return np.array(Image.fromarray(rgb).resize(small, nearest).resize((width, height), nearest))


def resample(rgb: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    """Reduce the sides ``factor`` times and enlarge them to the old size, by a filter that is drawn."""
    height, width = rgb.shape[:2]
    small = max(1, round(width / factor)), max(1, round(height / factor))
    enlarging = _ENLARGING[rng.integers(len(_ENLARGING))]
    return np.array(Image.fromarray(rgb).resize(small, Image.Resampling.LANCZOS).resize((width, height), enlarging))


def quantization(rgb: Pixels, thresholds: float, _: np.random.Generator) -> Pixels:
    """Reduce all values to those at Otsu's ``thresholds``, the lowest to black and the highest to white."""
    limits = _otsu(np.bincount(rgb.ravel(), minlength=256), int(thresholds))
    values = np.concatenate([[0], limits[1:], [255]]).astype(np.uint8)
    return values[np.searchsorted(limits, np.arange(256))][rgb]


def color_block(rgb: Pixels, count: float, rng: np.random.Generator) -> Pixels:
    """Put ``count`` squares of 32 × 32 pixels, each of one random colour, in random places."""
    result = rgb.copy()
    room = np.maximum(np.array(rgb.shape[:2]) - _BLOCK, 0)
    for _ in range(int(count)):
        place = rng.integers(0, room, endpoint=True)
        result[_square(place, _BLOCK)] = rng.integers(0, 256, 3)
    return result


def _square(corner: NDArray[np.int64], size: int) -> tuple[slice, slice]:
    top, left = corner
    return np.s_[top : top + size, left : left + size]


def _otsu(histogram: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The ``count`` values, each the highest of its class, that split a histogram with the least squared error."""
    size = len(histogram)
    codes = np.arange(size)
    sums = [np.concatenate([[0], np.cumsum(histogram * codes**power)]) for power in (0, 1, 2)]
    # How often the values from a row's number up to, but not including, a column's occur, their sum and of squares.
    number, first, second = (total[None, :] - total[:, None] for total in sums)
    error = np.where(np.tri(size + 1, dtype=bool), np.inf, second - first**2 / np.maximum(number, 1))
    best, splits = error[0], []
    for _ in range(count):
        candidates = best[:, None] + error
        splits.append(np.argmin(candidates, axis=0))
        best = candidates.min(axis=0)
    starts = [size]
    for split in reversed(splits):
        starts.append(split[starts[-1]])
    return np.array(starts[:0:-1]) - 1
