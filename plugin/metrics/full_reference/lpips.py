"""LPIPS: learned perceptual image patch similarity.

R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, "The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric", CVPR 2018. Version 0.1: linear heads on a frozen network.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from ...images import NATIVE
from ...weights import ParameterFile, resolve
from ...weights.published import ALEXNET, LPIPS_ALEX, LPIPS_SQUEEZE, LPIPS_VGG, SQUEEZENET1_1, VGG16
from ..base import Features
from .deep_features import DeepFeatureMetric

#: Keeps the division by a feature vector's length finite.
EPSILON: Final = 1e-10


@dataclass(frozen=True)
class Variant:
    """LPIPS on one network; calling it makes the metric.

    Args:
        name: the metric's name
        network: the network
        taps: indices of the layers whose output is compared
        heads: the learned weights of their channels
    """

    name: str
    network: ParameterFile
    taps: tuple[int, ...]
    heads: ParameterFile

    def __call__(self, **settings: Any) -> LPIPS:
        """Make the metric; settings as :class:`LPIPS`."""
        return LPIPS(self, **settings)


class LPIPS(DeepFeatureMetric):
    """Weighted squared difference of unit feature vectors, averaged over positions and summed over layers (eq. 1).

    Args:
        variant: the network, its taps and heads
        device: where to compute
        weights: the network's weights file, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if weights of the network or of the heads are not found
    """

    def __init__(
        self,
        variant: Variant,
        *,
        device: torch.device,
        weights: str | Path | None = None,
        policy: str = NATIVE.name,
    ) -> None:
        super().__init__(variant.name, variant.network, device=device, weights=weights, policy=policy)
        self._taps = variant.taps
        self._head_weights = resolve(variant.heads)
        self._heads = [
            self._head_weights.tensors[f"lin{index}.model.1.weight"].to(device) for index in range(len(variant.taps))
        ]

    def features(self, images: torch.Tensor) -> Features:
        """Feature vectors of unit length, one map (N, C, h, w) a layer."""
        x = self.normalised(images)
        maps = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in self._taps:
                maps.append(x / (x.square().sum(1, keepdim=True).sqrt() + EPSILON))
        return tuple(maps)

    def distances(self, references: Features, distorted: Features) -> torch.Tensor:
        """Scores, shape (N,)."""
        layers = zip(self._heads, references, distorted, strict=True)
        return torch.stack([(head * (a - b).square()).sum(1).mean((1, 2)) for head, a, b in layers]).sum(0)

    def describe(self) -> dict[str, Any]:
        """Network and heads."""
        return {**super().describe(), "version": "0.1", "heads": self._head_weights.describe()}


alex: Final = Variant("lpips-alex", ALEXNET, (1, 4, 7, 9, 11), LPIPS_ALEX)
vgg: Final = Variant("lpips-vgg", VGG16, (3, 8, 15, 22, 29), LPIPS_VGG)
squeeze: Final = Variant("lpips-squeeze", SQUEEZENET1_1, (1, 4, 7, 9, 10, 11, 12), LPIPS_SQUEEZE)
