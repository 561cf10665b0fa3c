"""DeepMSE and the no-reference model as metrics of TorchMetrics, for validation loops and Lightning.

``from deepmse import torchmetrics``; needs the package torchmetrics (extra ``metrics``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torchmetrics import Metric

from ..metrics.full_reference import deepmse as full_reference
from .modules import metric


class _Mean(Metric):  # type: ignore[misc]
    """The mean of all images' scores, whatever the batches and processes."""

    total: torch.Tensor
    count: torch.Tensor
    full_state_update = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def _add(self, scores: torch.Tensor) -> None:
        self.total = self.total + scores.sum().to(self.total)
        self.count = self.count + len(scores)

    def compute(self) -> torch.Tensor:
        """The mean of the scores since the last reset, a scalar; not a number where one score is none."""
        return self.total / self.count


class DeepMSE(_Mean):
    """DeepMSE as a metric of TorchMetrics: the mean over images, 0 or more, lower is better; differentiable.

    Args:
        weights: a weights file or folder, or None to search
        preset: which five feature maps are compared: ``lpips-ends``, ``image+relu`` or ``pools``
        policy: ``resize-256`` (the paper's) or ``native`` (no resizing)
        kwargs: what every metric of TorchMetrics takes

    Raises:
        UsageError: if there is no such preset or policy
        WeightsError: if no fitting weights are found

    >>> import torch
    >>> from deepmse import torchmetrics
    >>> metric = torchmetrics.DeepMSE()
    >>> images = torch.rand(2, 3, 64, 64, generator=torch.manual_seed(0))
    >>> metric.update(images, images)
    >>> metric.compute()
    tensor(0.)
    """

    is_differentiable = True
    higher_is_better = False
    plot_lower_bound = 0.0

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        preset: str = "lpips-ends",
        policy: str = "resize-256",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.network = full_reference.DeepMSE(weights, preset=preset, policy=policy)

    def update(self, preds: torch.Tensor, target: torch.Tensor) -> None:
        """Add images.

        Args:
            preds: N distorted images, RGB, shape (N, 3, H, W), uint8 or floating point in [0, 1]
            target: their N references

        Raises:
            ValueError: as :meth:`deepmse.DeepMSE.forward`
        """
        self._add(self.network(target, preds))


class NR(_Mean):
    """The no-reference model ``nr`` as a metric of TorchMetrics: the mean over images, 0 to 100, higher is better.

    Args:
        model: ``nr``, another no-reference metric's name, or the file of a trained model
        device: where it computes: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``
        kwargs: what every metric of TorchMetrics takes

    Raises:
        UsageError: if there is no such metric or device
        WeightsError: if the weights of the model's network are not found

    >>> import torch
    >>> from deepmse import torchmetrics
    >>> metric = torchmetrics.NR(device="cpu")
    >>> bool(0 <= metric(torch.rand(1, 3, 64, 64, generator=torch.manual_seed(0))) <= 100)
    True
    """

    is_differentiable = False

    def __init__(self, model: str | Path = "nr", *, device: str = "auto", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = metric(str(model), device=device)

    @property
    def higher_is_better(self) -> bool:
        """The model's direction."""
        return not self.model.info.lower_is_better

    def update(self, images: torch.Tensor) -> None:
        """Add N images, RGB, shape (N, 3, H, W), uint8 or floating point in [0, 1].

        Raises:
            UsageError: if they are of another shape or type, or too small
        """
        self._add(self.model(images))
