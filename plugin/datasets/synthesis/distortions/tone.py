"""Distortions of brightness, contrast and sharpness."""

import numpy as np
import scipy

from .colour_spaces import lab_to_rgb, rgb_to_lab
from .pixels import AnyFloats, Pixels, to_pixels, to_unit

_CODES = np.arange(256, dtype=np.float32) / 255


def brighten(rgb: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    """Raise mid-grey by half of ``amount``: two parts of it done to each channel, one part to L*."""
    lab = rgb_to_lab(rgb)
    lab[..., 0] = 100 * _bend(lab[..., 0] / 100, amount)
    return to_pixels((2 * _bend(_CODES, amount)[rgb] + lab_to_rgb(lab)) / 3)


def darken(rgb: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    """Lower mid-grey of each channel by half of ``amount``."""
    return to_pixels(_bend(_CODES, -amount))[rgb]


def mean_shift(rgb: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    """Add ``amount``, where white is 1, to each channel."""
    return to_pixels(to_unit(rgb) + np.float32(amount))


def contrast_change(rgb: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    """Bend each channel to an S, moving 0.3 to 0.25 - ``amount``/4 and 0.7 to 0.75 + ``amount``/4."""
    knots = (0, 0.3, 0.5, 0.7, 1), (0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1)
    curve = scipy.interpolate.CubicSpline(*knots)(_CODES)
    return to_pixels(curve)[rgb]


def high_sharpen(rgb: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    """Unsharp masking of L*: add ``amount`` times its difference from its blur by a Gaussian of 3 pixels."""
    lab = rgb_to_lab(rgb)
    lightness = lab[..., 0]
    lightness += amount * (lightness - scipy.ndimage.gaussian_filter(lightness, 3, mode="nearest", truncate=2))
    return to_pixels(lab_to_rgb(lab))


def _bend(values: AnyFloats, amount: float) -> AnyFloats:
    """The parabola through (0, 0), (0.5, 0.5 + ``amount``/2) and (1, 1), cut off at 0 and 1."""
    bent: AnyFloats = np.clip(values + 2 * amount * values * (1 - values), 0, 1)
    return bent
