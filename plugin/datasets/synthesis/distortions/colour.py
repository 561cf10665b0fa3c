"""Distortions of colour."""

import numpy as np
import scipy
from PIL import Image

from .colour_spaces import lab_to_rgb, rgb_to_lab
from .pixels import Floats, Pixels, to_pixels, to_unit

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_SAMPLE = 128


def color_diffusion(rgb: Pixels, amount: float, _: np.random.Generator) -> Pixels:
    """Blur a* and b* by a Gaussian of 1.5 ``amount`` + 2 pixels and multiply them by ``amount``."""
    lab = rgb_to_lab(rgb)
    sigma = 1.5 * amount + 2
    lab[..., 1:] = amount * scipy.ndimage.gaussian_filter(lab[..., 1:], sigma, mode="nearest", axes=(0, 1))
    return to_pixels(lab_to_rgb(lab))


def color_shift(rgb: Pixels, distance: float, rng: np.random.Generator) -> Pixels:
    """Shift green by ``distance`` pixels to the right and down, in a random direction, where there are edges."""
    values = to_unit(rgb)
    direction = rng.random(2)
    down, right = np.rint(distance * direction / np.hypot(*direction)).astype(int)
    height, width = rgb.shape[:2]
    rows = np.maximum(np.arange(height) - down, 0)
    columns = np.maximum(np.arange(width) - right, 0)
    shifted = values[rows[:, None], columns, 1]
    values[..., 1] += _edges(np.einsum("hwc,c->hw", values, _LUMA)) * (shifted - values[..., 1])
    return to_pixels(values)


def color_quantization(rgb: Pixels, colors: float, _: np.random.Generator) -> Pixels:
    """Reduce to so many ``colors``, chosen for the image by k-means, with Floyd-Steinberg dithering."""
    image = Image.fromarray(rgb)
    # A sample is enough for the palette and spares most of the time that k-means takes.
    sample = image.resize((_SAMPLE, _SAMPLE), Image.Resampling.NEAREST)
    palette = sample.quantize(int(colors), Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    return np.array(image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB"))


def color_saturation_1(rgb: Pixels, factor: float, _: np.random.Generator) -> Pixels:
    """Multiply the saturation of HSV by ``factor``; below 0 hues turn into their opposites."""
    values = to_unit(rgb)
    brightest = values.max(axis=-1, keepdims=True)
    # With hue and value fixed, each channel's distance from the brightest is in proportion to the saturation.
    return to_pixels(brightest + np.float32(factor) * (values - brightest))


def color_saturation_2(rgb: Pixels, factor: float, _: np.random.Generator) -> Pixels:
    """Multiply a* and b* by ``factor``."""
    lab = rgb_to_lab(rgb)
    lab[..., 1:] *= factor
    return to_pixels(lab_to_rgb(lab))


def _edges(grey: Floats) -> Floats:
    """Where there are edges: 0 at the flattest hundredth of the pixels, 1 at the steepest."""
    slope = np.hypot(*np.gradient(grey))
    smooth = scipy.ndimage.gaussian_filter(slope, 4, mode="nearest", truncate=2)
    low, high = np.percentile(smooth, (1, 99))
    edges: Floats = np.clip((smooth - low) / max(high - low, np.finfo(np.float32).tiny), 0, 1)
    return edges
