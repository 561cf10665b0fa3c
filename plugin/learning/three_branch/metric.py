"""Three-branch models as metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch

from ...errors import UsageError
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
        if self.policy.size is not None:
            raise UsageError(f"{self.info.title}: its graph is of pictures at native size")
        return pair_graph(self._model, self._standard, self.info.title)

    def _described(self) -> dict[str, Any]:
        return {"branches": asdict(self._model.architecture)}


create = ThreeBranchQuality.create
