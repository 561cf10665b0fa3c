"""DeepMSE as a function on tensors, called as those of piq are.

``from deepmse import functional``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch

from ..errors import UsageError
from ..metrics.full_reference.deepmse import DeepMSE

Reduction = Literal["none", "mean", "sum"]


def deepmse(
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    data_range: float = 1.0,
    reduction: Reduction = "mean",
    preset: str = "lpips-ends",
    policy: str = "resize-256",
) -> torch.Tensor:
    """DeepMSE of images against their references, differentiable; 0 or more, lower is better.

    The network is read once for each device, and kept.

    Args:
        x: N distorted images, RGB, shape (N, 3, H, W), floating point in [0, ``data_range``]
        y: their N references, alike
        data_range: the value of white
        reduction: ``mean`` or ``sum`` over the images, or ``none`` for N scores
        preset: which five feature maps are compared: ``lpips-ends``, ``image+relu`` or ``pools``
        policy: ``resize-256`` (the paper's) or ``native`` (no resizing)

    Returns:
        a scalar; shape (N,) where nothing is reduced

    Raises:
        UsageError: if there is no such reduction, preset or policy
        ValueError: if images are not RGB (N, 3, H, W) within the range
        WeightsError: if no fitting weights are found

    >>> import torch
    >>> from deepmse import functional
    >>> images = torch.rand(2, 3, 64, 64, generator=torch.manual_seed(0))
    >>> functional.deepmse(255 * images, 255 * images, data_range=255, reduction="none")
    tensor([0., 0.])
    """
    if reduction not in ("none", "mean", "sum"):
        raise UsageError(f"no reduction {reduction!r}; there are none, mean, sum")
    scores: torch.Tensor = _metric(preset, policy, x.device)(y / data_range, x / data_range)
    return scores if reduction == "none" else scores.mean() if reduction == "mean" else scores.sum()


@lru_cache(maxsize=4)
def _metric(preset: str, policy: str, device: torch.device) -> DeepMSE:
    return DeepMSE(preset=preset, policy=policy).to(device)
