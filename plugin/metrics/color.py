"""From RGB to what a metric looks at."""

from __future__ import annotations

from typing import Final

import torch

#: Weights of red, green and blue in luminance, as MATLAB's ``rgb2gray`` has them (ITU-R BT.601).
LUMA: Final = (0.298936021293775, 0.587043074451121, 0.114020904255103)


def grey_levels(images: torch.Tensor) -> torch.Tensor:
    """Luminance in whole grey levels, as MATLAB's ``rgb2gray`` gives the authors of most metrics.

    Args:
        images: uint8 RGB, shape (N, 3, H, W)

    Returns:
        uint8, shape (N, 1, H, W)
    """
    weights = images.new_tensor(LUMA, dtype=torch.float32).view(1, 3, 1, 1)
    return (images * weights).sum(1, keepdim=True).round().to(torch.uint8)
