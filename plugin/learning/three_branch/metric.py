"""Three-branch models as metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch

from ...graphs import Graph
from ...metrics.base import Comparison, Features, FullReferenceMetric
from ..trained import NetworkMetric
from .graph import pair_graph
from .model import ThreeBranch, load, stacked


class ThreeBranchQuality(NetworkMetric[ThreeBranch], FullReferenceMetric):
    """Scores of models that ``deepmse train fr`` wrote, of whole images at their own size."""

    _load = staticmethod(load)

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
        return Comparison(self._standard.scores(found.float()))

    def graph(self) -> Graph:
        """Pairs of one size to scores."""
        self._require_native_size()
        return pair_graph(self._model, self._standard, self.info.title)

    def _described(self) -> dict[str, Any]:
        return {"branches": asdict(self._model.architecture)}


create = ThreeBranchQuality.create
