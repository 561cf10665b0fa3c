"""What the engine asks of a metric."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import UsageError
from ..graphs import Graph
from ..images import ImagePolicy
from .causes import Cause
from .info import MetricInfo

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


@dataclass(frozen=True)
class Assessment:
    """Scores of N images by themselves.

    Args:
        scores: shape (N,)
        deviations: standard deviations of the scores' errors, shape (N,), where the metric knows them
        percentiles: share of the metric's training images that score lower, 0 to 100, shape (N,), where it has them
        domains: how near each image is to the metric's training images, a word of ``DOMAINS``, N, where it knows
        causes: what each image may look bad by, the likeliest first, N, where the metric can tell
    """

    scores: torch.Tensor
    deviations: torch.Tensor | None = None
    percentiles: torch.Tensor | None = None
    domains: Sequence[str] | None = None
    causes: Sequence[tuple[Cause, ...]] | None = None


class Metric(ABC):
    """A metric on one device.

    Attributes:
        info: name, direction, range and the rest of the declaration
        policy: how the images that it is given are brought to size
        min_side: smallest width and height that it can take, in pixels, after ``policy``
        may_be_infinite: whether an infinite score is a result, such as the PSNR of identical images
        undefined: for which images the metric's formula has no value, in words that follow "not defined for"; their
            score is not a number
    """

    info: MetricInfo
    policy: ImagePolicy
    min_side: int = 1
    may_be_infinite: bool = False
    undefined: str = ""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Everything besides the images that decides the scores, for run records; JSON-able."""

    def keep_features(self) -> None:  # noqa: B027 (most have nothing to keep)
        """Keep what is slow to compute of each image, where the metric can, so that it is at hand the next time."""

    @property
    def reused(self) -> int:
        """Images for which what was kept has been taken."""
        return 0

    def graph(self) -> Graph:
        """The metric as an ONNX graph, where ``info.has_graph``.

        Raises:
            UsageError: if this one of its kind has none, in words that say why
        """
        raise UsageError(f"{self.info.title} has no graph")

    def _require_native_size(self, given: str = "pictures") -> None:
        """UsageError where images are brought to another size first, which the graph does not do."""
        if self.policy.size is not None:
            raise UsageError(f"{self.info.title}: its graph is of {given} at native size")


class FullReferenceMetric(Metric):
    """A metric that compares images with their references."""

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


class NoReferenceMetric(Metric):
    """A metric that judges images by themselves."""

    @abstractmethod
    def assess(self, images: torch.Tensor) -> Assessment:
        """Score images.

        Args:
            images: uint8 RGB brought to ``policy``, shape (N, 3, H, W)
        """

    def grade(self, score: float) -> str | None:
        """A plain word for a score, where the metric has them."""
        return None


AnyMetric = FullReferenceMetric | NoReferenceMetric
