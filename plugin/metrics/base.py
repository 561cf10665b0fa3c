"""What the engine asks of a metric."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..images import ImagePolicy
from .registry import MetricInfo

Features = tuple[torch.Tensor, ...]
"""What a metric keeps of images: tensors whose first axis counts the images."""


@dataclass(frozen=True)
class Comparison:
    """Scores of N pairs.

    Args:
        scores: shape (N,)
        stages: per-stage values, shape (N, S), if the metric has stages
        error_maps: where the images differ, uint8, shape (N, h, w), on one scale for all images, if asked for
    """

    scores: torch.Tensor
    stages: torch.Tensor | None = None
    error_maps: torch.Tensor | None = None


class Metric(ABC):
    """A full-reference metric on one device."""

    info: MetricInfo
    policy: ImagePolicy

    @abstractmethod
    def prepare(self, images: torch.Tensor) -> Features:
        """Compute what of each reference goes into comparisons; the engine keeps it.

        Args:
            images: uint8 RGB brought to ``policy``, shape (N, 3, H, W)
        """

    @abstractmethod
    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Score distorted images.

        Args:
            references: what :meth:`prepare` gave for the reference of each image, first axis 1
            distorted: uint8 RGB brought to ``policy``, shape (N, 3, H, W)
            error_maps: also compute error maps
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Everything besides the images that decides the scores, for run records; JSON-able."""
