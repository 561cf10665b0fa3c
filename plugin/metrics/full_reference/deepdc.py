"""DeepDC: distance correlation of deep features.

H. Zhu, B. Chen, L. Zhu, S. Wang, W. Lin, "DeepDC: Deep Distance Correlation as a Perceptual Image Quality
Evaluator", 2022, arXiv:2211.04927.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch

from ...images import NATIVE
from ...weights import published
from ..base import Features
from .deep_features import DeepFeatureMetric, shorter_side

#: Last convolutions of the blocks, before their ReLU; indices into VGG-19's layers.
TAPS: Final = (2, 7, 16, 25, 34)
SHORTER_SIDE: Final = 224


class DeepDC(DeepFeatureMetric):
    """One less the distance correlation between the channels of two images' features, averaged over layers.

    Args:
        device: where to compute
        weights: VGG-19's weights file, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if VGG-19's weights are not found
    """

    def __init__(self, *, device: torch.device, weights: str | Path | None = None, policy: str = NATIVE.name) -> None:
        super().__init__("deepdc", published.VGG19, device=device, weights=weights, policy=policy)

    def features(self, images: torch.Tensor) -> Features:
        """Doubly centred distances between channels, one matrix (N, C, C) a layer."""
        x = shorter_side(images, SHORTER_SIDE) / 255
        matrices = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in TAPS:
                matrices.append(centred_distances(x.flatten(2)))
            if index == TAPS[-1]:
                break
        return tuple(matrices)

    def distances(self, references: Features, distorted: Features) -> torch.Tensor:
        """Scores, shape (N,)."""
        pairs = zip(references, distorted, strict=True)
        return 1 - torch.stack([distance_correlation(a, b) for a, b in pairs]).mean(0)

    def describe(self) -> dict[str, Any]:
        """Weights and size."""
        return {
            **super().describe(),
            "resize": f"shorter side to {SHORTER_SIDE} if it is longer, as the authors do",
        }


def centred_distances(vectors: torch.Tensor) -> torch.Tensor:
    """Euclidean distances between C vectors, less their row and column means (G. J. Székely et al. 2007, eq. 2.8).

    Args:
        vectors: shape (N, C, M)

    Returns:
        shape (N, C, C); distances are divided by C and kept from zero by 1e-5 under the root, as the authors do
    """
    channels = vectors.shape[1]
    products = vectors @ vectors.transpose(1, 2)
    lengths = products.diagonal(dim1=1, dim2=2)
    squared = (lengths[:, :, None] + lengths[:, None, :] - 2 * products).clamp(min=0)
    distances = (squared / channels**2 + 1e-5).sqrt()
    rows, columns = distances.mean(2, keepdim=True), distances.mean(1, keepdim=True)
    return distances - rows - columns + rows.mean(1, keepdim=True)


def distance_correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Correlation (N,) of doubly centred distances (N, C, C)."""
    covariance, variance_a, variance_b = ((x * y).sum((1, 2)) for x, y in ((a, b), (a, a), (b, b)))
    return (covariance + 1e-6) / ((variance_a * variance_b).sqrt() + 1e-6)
