"""Three-branch models as metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ...images import MIN_SIDE, NATIVE, ImagePolicy, image_policy
from ...metrics import MetricInfo
from ...metrics.base import Comparison, Features, FullReferenceMetric
from ...weights import sha256
from ..opinion import HIGHEST, LOWEST
from .model import load, stacked


class ThreeBranchQuality(FullReferenceMetric):
    """Scores of 0 to 100, of whole images at their own size.

    Args:
        info: what the metric declares of itself
        path: a file that ``deepmse train fr`` wrote
        device: where to compute
        policy: image policy

    Raises:
        WeightsError: if the file is no such model
    """

    min_side = MIN_SIDE

    def __init__(
        self, info: MetricInfo, path: Path, *, device: torch.device | str = "cpu", policy: ImagePolicy = NATIVE
    ) -> None:
        self.info = info
        self.policy = policy
        self._path = path
        model, (self._mean, self._std) = load(path)
        self._model = model.to(device)
        self._device = device

    def prepare(self, images: torch.Tensor) -> Features:
        """The references' features; each by itself, so that a batch changes nothing."""
        return stacked([self._model.reference(image[None].to(self._device)) for image in images])

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Score distorted images, each by itself."""
        found = torch.cat(
            [
                self._model.compare(reference, image[None].to(self._device))
                for reference, image in zip(references, distorted, strict=True)
            ]
        )
        return Comparison((self._mean + self._std * found.float()).clip(LOWEST, HIGHEST))

    def describe(self) -> dict[str, Any]:
        """The model file and its branches."""
        architecture = self._model.architecture
        return {
            "model": {"file": self._path.name, "sha256": sha256(self._path)},
            "branches": {"frp": architecture.frp, "frnp": architecture.frnp, "nr": architecture.nr},
        }


def create(
    *, info: MetricInfo, weights: str | Path, device: torch.device | str = "cpu", policy: str | None = None
) -> ThreeBranchQuality:
    """Make the metric.

    Args:
        info: what the metric declares of itself
        weights: a file that ``deepmse train fr`` wrote
        device: where to compute
        policy: image policy; None for native size

    Raises:
        UsageError: if the policy does not exist
        WeightsError: if the file is no such model
    """
    chosen = NATIVE if policy is None else image_policy(policy)
    return ThreeBranchQuality(info, Path(weights), device=device, policy=chosen)
