"""What metrics share that compare the features of a frozen network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from ...images import image_policy
from ...networks import imagenet, squeezenet
from ...weights import ParameterFile
from ..base import Comparison, Features, FullReferenceMetric
from ..precision import full_float32, parts
from ..registry import metric_info


class DeepFeatureMetric(FullReferenceMetric):
    """Compares what a network makes of two images.

    Args:
        name: the metric's name
        network: the network
        device: where to compute
        weights: the network's weights file, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if the network's weights are not found
    """

    min_side = 32

    def __init__(
        self, name: str, network: ParameterFile, *, device: torch.device, weights: str | Path | None, policy: str
    ) -> None:
        self.info = metric_info(name)
        self.policy = image_policy(policy)
        layers, self.weights = imagenet.build(network, weights)
        self.layers = layers.to(device)
        self._mean, self._std = (
            torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (squeezenet.MEAN, squeezenet.STD)
        )

    @abstractmethod
    def features(self, images: torch.Tensor) -> Features:
        """What is compared of uint8 images (N, 3, H, W)."""

    @abstractmethod
    def distances(self, references: Features, distorted: Features) -> torch.Tensor:
        """Scores, shape (N,), from the features of N references and N distorted images."""

    def prepare(self, images: torch.Tensor) -> Features:
        """The features."""
        return self._cat([self._computed(images[part]) for part in parts(images)])

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Scores."""
        scores = [
            self.distances(self._cat(references[part]), self._computed(distorted[part])) for part in parts(distorted)
        ]
        return Comparison(torch.cat(scores))

    def describe(self) -> dict[str, Any]:
        """The network's weights."""
        return {"weights": self.weights.describe()}

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """RGB in [0, 1] from uint8, less ImageNet's mean, over its deviation."""
        return (images / 255 - self._mean) / self._std

    def _computed(self, images: torch.Tensor) -> Features:
        with full_float32(images.device):
            return self.features(images)

    def _cat(self, features: Sequence[Features]) -> Features:
        return features[0] if len(features) == 1 else tuple(map(torch.cat, zip(*features, strict=True)))


def shorter_side(images: torch.Tensor, size: int) -> torch.Tensor:
    """Shrink uint8 images (N, 3, H, W) so that their shorter side has ``size`` pixels; smaller ones stay.

    Antialiased bilinear in whole levels, which is within one level of Pillow's.
    """
    shorter = min(images.shape[-2:])
    if shorter <= size:
        return images
    height, width = (size * side // shorter for side in images.shape[-2:])
    return F.interpolate(images.float(), (height, width), mode="bilinear", antialias=True).round().to(torch.uint8)
