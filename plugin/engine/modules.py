"""Any metric as a PyTorch module on tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import UsageError
from ..images.tensors import resize
from ..metrics import MODEL_SUFFIX, MetricInfo, create, metric_info
from ..metrics.base import FullReferenceMetric
from .devices import pick_device


class MetricModule(nn.Module):
    """A metric, made by :func:`metric`.

    It is called with the images that it takes, reference first. Their values count with 8 bits, as a file has them,
    and scores have no gradient; :class:`~deepmse.plugin.metrics.full_reference.deepmse.DeepMSE` has one.

    Attributes:
        info: what the metric declares of itself: its direction, its range, whether it needs a reference
    """

    def __init__(self, name: str, *, device: str = "auto", **settings: Any) -> None:
        super().__init__()
        self._device = pick_device(device)
        self._metric = create(name, device=self._device, **settings)
        self.info: MetricInfo = self._metric.info

    def forward(self, *images: torch.Tensor) -> torch.Tensor:
        """Score images.

        Args:
            images: of a full-reference metric N references and N distorted images, of a no-reference metric N
                images; RGB, shape (N, 3, H, W), uint8 or floating point in [0, 1]

        Returns:
            N scores, shape (N,), floating point, on the CPU; not a number where the metric is not defined

        Raises:
            UsageError: if the images are not as many, or not of the shape, type or size, that the metric takes
        """
        compares = isinstance(self._metric, FullReferenceMetric)
        if len(images) != 1 + compares:
            wanted = "references and distorted images" if compares else "images alone, without references"
            raise UsageError(f"{self.info.title} takes {wanted}")
        prepared = [self._prepared(each) for each in images]
        if len({each.shape for each in prepared}) > 1:
            raise UsageError(f"the images' shapes differ: {', '.join(str(tuple(each.shape)) for each in images)}")
        with torch.inference_mode():
            if isinstance(self._metric, FullReferenceMetric):
                references, distorted = prepared
                features = [self._metric.prepare(reference[None]) for reference in references]
                scores = self._metric.compare(features, distorted).scores
            else:
                scores = self._metric.assess(prepared[0]).scores
        return scores.cpu()

    def extra_repr(self) -> str:
        """Name and direction of the metric."""
        return f"{self.info.name}, {'lower' if self.info.lower_is_better else 'higher'} is better"

    def _prepared(self, images: torch.Tensor) -> torch.Tensor:
        """Images, uint8, brought to the metric's policy."""
        if images.ndim != 4 or images.shape[1] != 3 or not len(images):
            raise UsageError(f"images must have shape (N, 3, H, W), not {tuple(images.shape)}")
        if images.is_floating_point():
            if not (float(images.min()) >= 0 and float(images.max()) <= 1):
                raise UsageError("floating-point images must lie in [0, 1]; divide by 255 or clamp")
            images = (images.detach() * 255).round().to(torch.uint8)
        if images.dtype != torch.uint8:
            raise UsageError(f"images must be uint8 or floating point in [0, 1], not {images.dtype}")
        images = images.to(self._device)
        if (size := self._metric.policy.size) is not None:
            images = resize(images, size)
        height, width = images.shape[-2:]
        if min(height, width) < self._metric.min_side:
            raise UsageError(
                f"{width}×{height} is too small: {self.info.title} needs {self._metric.min_side} pixels a side"
            )
        return images


def metric(name: str, *, device: str = "auto", **settings: Any) -> MetricModule:
    """Any metric, or a trained model, as a module on tensors.

    Args:
        name: a metric's name, as ``deepmse metrics`` lists them, or the file of a trained model
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``
        settings: what the metric takes: ``weights``, ``preset``, ``policy``

    Raises:
        UsageError: if there is no such metric or device, or a package that it needs is not installed
        WeightsError: if the metric's weights are not found

    >>> import deepmse, torch
    >>> reference = torch.full((2, 3, 64, 64), 0.5)
    >>> distorted = torch.full((2, 3, 64, 64), 0.6)
    >>> psnr = deepmse.metric("psnr", device="cpu")
    >>> psnr(reference, distorted)  # levels 128 and 153: 20 log10(255 / 25)
    tensor([20.1720, 20.1720], dtype=torch.float64)
    >>> psnr.info.lower_is_better
    False
    """
    return MetricModule(name, device=device, **settings)


def load_model(path: str | Path, *, device: str = "auto", policy: str | None = None) -> MetricModule:
    """A trained model as a module on tensors.

    Args:
        path: a ``.safetensors`` file that ``deepmse train`` wrote
        device: see :func:`metric`
        policy: image policy; None for the one that the model was made for

    Raises:
        UsageError: if the file is not there or holds no model that this version knows
        WeightsError: if it is damaged, or the weights of the model's network are not found

    >>> import deepmse
    >>> deepmse.load_model("weights.pt")
    Traceback (most recent call last):
        ...
    deepmse.plugin.errors.UsageError: weights.pt: a model file ends in .safetensors
    """
    if Path(path).suffix != MODEL_SUFFIX:
        raise UsageError(f"{path}: a model file ends in {MODEL_SUFFIX}")
    return MetricModule(str(path), device=device, policy=policy or metric_info(str(path)).policy)
