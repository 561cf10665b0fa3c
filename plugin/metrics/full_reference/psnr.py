"""PSNR: peak signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ...images import NATIVE, image_policy
from ..base import Comparison, Features, FullReferenceMetric
from ..registry import metric_info

PEAK = 255


class PSNR(FullReferenceMetric):
    """10 log10(255² / mean squared error) of all red, green and blue samples, in dB; infinite for identical images.

    Args:
        device: where to compute; images come there
        policy: name of the image policy
    """

    info = metric_info("psnr")
    may_be_infinite = True

    def __init__(self, *, device: torch.device, policy: str = NATIVE.name) -> None:
        self.policy = image_policy(policy)

    def prepare(self, images: torch.Tensor) -> Features:
        """The images themselves."""
        return (images,)

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Scores, exact: squares of whole numbers are added as whole numbers."""
        difference = torch.cat([images for (images,) in references]).int() - distorted.int()
        total = difference.square().sum((1, 2, 3), dtype=torch.int64)
        mean = total.double() / difference[0].numel()
        return Comparison(10 * (PEAK**2 / mean).log10())

    def describe(self) -> dict[str, Any]:
        """What the mean is over."""
        return {"implementation": "mean over all RGB samples, exact"}
