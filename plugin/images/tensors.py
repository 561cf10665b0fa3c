"""Decoded images to tensors, and Pillow's resizing on any device."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from PIL import Image

from .decoding import Decoded
from .policies import ImagePolicy

FIXED_POINT: Final = 1 << 22
"""One, in the whole numbers that Pillow's resizing takes for weights."""


def to_tensor(decoded: Decoded, policy: ImagePolicy) -> torch.Tensor:
    """A decoded image as ``policy`` wants it: uint8, shape (3, H, W), on the CPU, channels last."""
    return _as_tensor(decoded.image if policy.size is None else _square(decoded.image, policy.size))


def _square(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BILINEAR)


def _as_tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def resize(images: torch.Tensor, size: int) -> torch.Tensor:
    """Resize exactly as Pillow's antialiased bilinear filter does, on any device.

    PyTorch's own antialiased kernels come within a grey level of it, which can move a small DeepMSE by 5 %.

    Args:
        images: uint8, shape (N, 3, H, W)
        size: side of the square to resize to, in pixels

    Returns:
        uint8, shape (N, 3, size, size)
    """
    if images.shape[-2:] == (size, size):
        return images
    if images.device.type == "cpu":
        rows = images.permute(0, 2, 3, 1).numpy()
        return torch.stack([_as_tensor(_square(Image.fromarray(row), size)) for row in rows])
    return _resize_by_matrices(images, size)


def _resize_by_matrices(images: torch.Tensor, size: int) -> torch.Tensor:
    """Pillow's arithmetic: along rows and along columns, each rounded to grey levels."""
    height, width = images.shape[-2:]
    # Sums of whole numbers below 2^53: float64 holds them exactly, in whatever order they are added.
    levels = images.double()
    across = _bilinear_weights(width, size).to(images.device)
    down = _bilinear_weights(height, size).T.to(images.device)
    # Pillow (until 13) shrinks an image of more than a hundred times its width in height along columns first.
    if height > 100 * width and size < height:
        levels = _to_grey_levels(_to_grey_levels(down @ levels) @ across)
    else:
        levels = _to_grey_levels(down @ _to_grey_levels(levels @ across))
    return levels.to(torch.uint8)


def _to_grey_levels(sums: torch.Tensor) -> torch.Tensor:
    return (sums / FIXED_POINT + 0.5).floor()


def _bilinear_weights(source: int, size: int) -> torch.Tensor:
    """What each of ``source`` pixels adds to each of ``size``: whole numbers in float64, ``FIXED_POINT`` for 1."""
    scale = source / size
    reach = max(scale, 1.0)
    centre = (torch.arange(size, dtype=torch.float64) + 0.5) * scale
    position = torch.arange(source, dtype=torch.float64)[:, None]
    inside = (position >= (centre - reach + 0.5).floor()) & (position < (centre + reach + 0.5).floor())
    weights = (1 - ((position - centre + 0.5) * (1 / reach)).abs()).clamp(min=0) * inside
    return (weights / weights.sum(0) * FIXED_POINT + 0.5).floor()
