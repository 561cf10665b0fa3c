"""DISTS: deep image structure and texture similarity.

K. Ding, K. Ma, S. Wang, E. P. Simoncelli, "Image Quality Assessment: Unifying Structure and Texture Similarity",
IEEE TPAMI 44(5), 2022.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import nn

from ...images import NATIVE
from ...weights import published, resolve
from ..base import Features
from .deep_features import DeepFeatureMetric, shorter_side

#: Ends of the five stages, indices into VGG-16's layers; the image itself is compared too.
STAGE_ENDS: Final = (3, 8, 15, 22, 29)
SHORTER_SIDE: Final = 256
#: Keeps the similarities finite (c₁ and c₂ of eq. 6 and 7).
STABILITY: Final = 1e-6


class DISTS(DeepFeatureMetric):
    """One less the weighted similarity of feature means (texture) and correlations (structure) (eq. 8).

    Args:
        device: where to compute
        weights: VGG-16's weights file, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if VGG-16's weights or DISTS's own are not found
    """

    def __init__(self, *, device: torch.device, weights: str | Path | None = None, policy: str = NATIVE.name) -> None:
        super().__init__("dists", published.VGG16, device=device, weights=weights, policy=policy)
        self._own_weights = resolve(published.DISTS)
        alpha, beta = (self._own_weights.tensors[name].to(device).flatten() for name in ("alpha", "beta"))
        total = alpha.sum() + beta.sum()
        self._texture, self._structure = alpha / total, beta / total
        window = torch.tensor([0.25, 0.5, 0.25], device=device)
        self._window = torch.outer(window, window).view(1, 1, 3, 3)

    def features(self, images: torch.Tensor) -> Features:
        """The image at 256 pixels, shape (N, 3, h, w), and the maps at the ends of the stages."""
        small = shorter_side(images, SHORTER_SIDE)
        maps = [small / 255]
        x = self.normalised(small)
        for index, layer in enumerate(self.layers):
            x = self._pooled(x) if isinstance(layer, nn.MaxPool2d) else layer(x)
            if index in STAGE_ENDS:
                # The next pooling reads it before the next ReLU writes anywhere.
                maps.append(x)
            if index == STAGE_ENDS[-1]:
                break
        return tuple(maps)

    def distances(self, references: Features, distorted: Features) -> torch.Tensor:
        """Scores, shape (N,)."""
        texture, structure = [], []
        for a, b in zip(references, distorted, strict=True):
            mean_a, mean_b = a.mean((2, 3)), b.mean((2, 3))
            texture.append((2 * mean_a * mean_b + STABILITY) / (mean_a.square() + mean_b.square() + STABILITY))
            variances = a.var((2, 3), correction=0) + b.var((2, 3), correction=0)
            covariance = (a * b).mean((2, 3)) - mean_a * mean_b
            structure.append((2 * covariance + STABILITY) / (variances + STABILITY))
        return 1 - torch.cat(texture, 1) @ self._texture - torch.cat(structure, 1) @ self._structure

    def describe(self) -> dict[str, Any]:
        """Weights and size."""
        return {
            **super().describe(),
            "own_weights": self._own_weights.describe(),
            "resize": f"shorter side to {SHORTER_SIDE} if it is longer, as the authors do",
        }

    def _pooled(self, x: torch.Tensor) -> torch.Tensor:
        """L2 pooling by a Hanning window (Hénaff and Simoncelli 2016), halving the size."""
        channels = x.shape[1]
        energy = F.conv2d(x.square(), self._window.expand(channels, 1, 3, 3), stride=2, padding=1, groups=channels)
        return (energy + 1e-12).sqrt()
