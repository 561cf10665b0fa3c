"""Measures of one decoded image."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import laplace

from ..images import Decoded
from ..images.hashing import perceptual_hash
from .compression import jpeg_quality

#: Pixels are measured at the size at which ``nr`` judges them: the longer side reduced to at most so many.
LONGEST: Final = 1024

#: Values that count as black, and as white.
BLACK: Final = 2
WHITE: Final = 253

#: Noise is looked for in blocks of so many pixels a side; of them, in the share with the least.
_BLOCK: Final = 16
_FLATTEST: Final = 10
#: Blocks whose mean luma is outside have lost their noise to clipping.
_UNCLIPPED: Final = (10, 245)

#: A contrast, in % of white, below which an image has no structure that a hash could tell apart.
_FLAT: Final = 2

#: The hash is of the signs of so many by so many low frequencies.
_FREQUENCIES: Final = 16
BITS: Final = _FREQUENCIES**2

_LUMA: Final = np.array((0.299, 0.587, 0.114), np.float32)


@dataclass(frozen=True)
class Measured:
    """What one image has.

    Args:
        values: by the measure's name; a measure that an image cannot have is left out
        digest: of its pixels and size: equal where all pixels are
        signs: perceptual hash, (``BITS`` / 8,) bytes; None of an image without structure
    """

    values: dict[str, float]
    digest: bytes
    signs: NDArray[np.uint8] | None


def measure(decoded: Decoded, box: tuple[float, float, float, float] | None = None) -> Measured:
    """Measure an image or a part of it.

    Args:
        decoded: the image
        box: the part, as shares of width and height: left, top, width, height; parts outside the image are left out

    Returns:
        its measures; of a part without a pixel none
    """
    image = decoded.image if box is None else _part(decoded.image, box)
    if image is None:
        return Measured({}, b"", None)
    width, height = image.size
    values = {"aspect_ratio": max(width, height) / min(width, height), "side": math.sqrt(width * height)}
    if box is None and (quality := jpeg_quality(decoded.quantization)) is not None:
        values["jpeg_quality"] = quality
    digest = hashlib.blake2b(b"%d %d " % image.size + image.tobytes(), digest_size=16).digest()
    reduced = _reduced(image)
    planes = [np.asarray(plane) for plane in reduced.split()]
    rgb = np.stack(planes).astype(np.float32)
    luma = np.tensordot(_LUMA, rgb, 1)
    values |= _tones(planes, rgb, luma)
    if min(luma.shape) >= 3:
        # G. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
        values["sharpness"] = float(laplace(luma)[1:-1, 1:-1].var())
    if (noise := _noise(rgb, luma)) is not None:
        values["noise"] = noise
    return Measured(values, digest, perceptual_hash(reduced, _FREQUENCIES) if values["contrast"] >= _FLAT else None)


def _part(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image | None:
    width, height = image.size
    left, top, wide, high = box
    edges = (left * width, top * height, (left + wide) * width, (top + high) * height)
    if not all(map(math.isfinite, edges)):
        return None
    x0, y0, x1, y1 = (min(max(round(edge), 0), size) for edge, size in zip(edges, (width, height) * 2, strict=True))
    return image.crop((x0, y0, x1, y1)) if x1 > x0 and y1 > y0 else None


def _reduced(image: Image.Image) -> Image.Image:
    scale = LONGEST / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX)


def _tones(
    planes: Sequence[NDArray[np.uint8]], rgb: NDArray[np.float32], luma: NDArray[np.float32]
) -> dict[str, float]:
    shares = np.bincount(luma.astype(np.uint8).ravel(), minlength=256) / luma.size
    low, high = np.searchsorted(np.cumsum(shares), (0.02, 0.98))
    present = shares[shares > 0]
    darkest, brightest = (reduce(extreme, planes) for extreme in (np.minimum, np.maximum))
    clipped = (brightest <= BLACK) | (darkest >= WHITE)
    # D. Hasler, S. Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003.
    red, green, blue = rgb
    opponents = (red - green, (red + green) / 2 - blue)
    spread = math.hypot(*(each.std() for each in opponents))
    centre = math.hypot(*(each.mean() for each in opponents))
    return {
        "brightness": float(luma.mean() / 2.55),
        "contrast": float((high - low) / 2.55),
        "entropy": float(-(present * np.log2(present)).sum()) + 0.0,
        "clipping": float(100 * clipped.mean()),
        "colorfulness": spread + 0.3 * centre,
    }


def _noise(rgb: NDArray[np.float32], luma: NDArray[np.float32]) -> float | None:
    """Standard deviation of noise; None of an image that is smaller than a block.

    The residual is J. Immerkær's ("Fast noise variance estimation", CVIU 64(2), 1996), which is blind to even slopes.
    """
    curvature = rgb[:, :-2] - 2 * rgb[:, 1:-1] + rgb[:, 2:]
    residual = np.abs(curvature[..., :-2] - 2 * curvature[..., 1:-1] + curvature[..., 2:]).mean(axis=0)
    if min(residual.shape) < _BLOCK:
        return None
    deviations = math.sqrt(math.pi / 2) / 6 * _blocks(residual)
    means = _blocks(luma[1:-1, 1:-1])
    unclipped = deviations[(means > _UNCLIPPED[0]) & (means < _UNCLIPPED[1])]
    return float(np.percentile(unclipped if unclipped.size else deviations, _FLATTEST))


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of the whole blocks of (H, W) values, flat."""
    height, width = (side // _BLOCK for side in values.shape)
    whole = values[: height * _BLOCK, : width * _BLOCK]
    means: NDArray[np.float32] = whole.reshape(height, _BLOCK, width, _BLOCK).mean(axis=(1, 3)).ravel()
    return means
