"""Images brought to a size that a model looks at, keeping their shape."""

from __future__ import annotations

import torch
import torch.nn.functional as F


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
