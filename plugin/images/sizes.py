"""Images brought to a size that a model looks at, keeping their shape."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F

SAME_SHAPE: Final = 1.02
"""Ratios of width to height that differ by less are those of one shape, scaled to whole pixels."""


def same_shape(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two sizes, height and width each, are one shape at two scales."""
    ratios = [width / height for height, width in (first, second)]
    return max(ratios) <= SAME_SHAPE * min(ratios)


def between(images: torch.Tensor, shortest: int, longest: int) -> torch.Tensor:
    """Images enlarged until their shorter side has ``shortest`` pixels, but no larger than ``longest`` at the longer.

    Antialiased bilinear, in 8 bit.

    Args:
        images: uint8, shape (N, 3, H, W)
        shortest: pixels of the shorter side, at least, where the longer one allows it
        longest: pixels of the longer side, at most
    """
    height, width = images.shape[-2:]
    factor = max(1.0, shortest / min(height, width))
    factor = min(factor, longest / max(height, width))
    if factor == 1:
        return images
    size = [max(1, round(side * factor)) for side in (height, width)]
    # PyTorch resizes 8-bit images on the CPU alone; so they are the same whatever computes the rest.
    return F.interpolate(images.cpu(), size, mode="bilinear", antialias=True)
