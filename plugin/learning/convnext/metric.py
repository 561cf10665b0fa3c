"""ConvNeXt models as metrics: one look at the whole picture."""

from __future__ import annotations

from typing import Any

import torch

from ...graphs import Graph
from ...metrics.base import Assessment, NoReferenceMetric
from ..opinion import grade
from ..trained import NetworkMetric
from .graph import picture_graph
from .model import ConvNext, at_working_size, load, sizing


class ConvNextQuality(NetworkMetric[ConvNext], NoReferenceMetric):
    """Scores of models that ``deepmse train convnext`` wrote, of whole images at their own aspect ratio."""

    _load = staticmethod(load)

    def assess(self, images: torch.Tensor) -> Assessment:
        """Score images; each by itself, so that a batch changes nothing."""
        sized = at_working_size(images, self._model.longest).to(self._device)
        found = torch.cat([self._model(image[None]).float() for image in sized])
        return Assessment(self._standard.scores(found).cpu())

    def grade(self, score: float) -> str:
        """Bad, poor, fair, good or excellent: a fifth of the scale each."""
        return grade(score)

    def graph(self) -> Graph:
        """Images at the working size to scores."""
        self._require_native_size()
        return picture_graph(self._model, self._standard)

    def _described(self) -> dict[str, Any]:
        return {"backbone": self._model.backbone.info.name, "size": sizing(self._model.longest)}


create = ConvNextQuality.create
