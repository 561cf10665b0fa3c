"""Fine-tuned networks as metrics: the mean score of windows of the size that the network was trained on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch

from ...graphs import Graph, as_arrays
from ...metrics.base import Assessment, NoReferenceMetric
from ..crops import mirrored
from ..opinion import grade
from ..regression import Regression
from ..trained import NetworkMetric
from .graph import windows_graph
from .model import load

MOST: Final = 5
"""Windows a row and column: what a network sees of a large picture."""


class FinetunedQuality(NetworkMetric[Regression], NoReferenceMetric):
    """Scores of models that ``deepmse train finetune`` wrote; what the image policy gives is not resized further."""

    _load = staticmethod(load)

    def assess(self, images: torch.Tensor) -> Assessment:
        """Score images; each by itself, so that a batch changes nothing."""
        return Assessment(torch.stack([self._score(image) for image in images]))

    def grade(self, score: float) -> str:
        """Bad, poor, fair, good or excellent: a fifth of the scale each."""
        return grade(score)

    def graph(self) -> Graph:
        """All windows of one picture to its score."""
        self._require_native_size("windows of pictures")
        return windows_graph(
            self._model,
            self._standard,
            f"as few windows as cover the picture, {self._cutting}; a picture that is smaller is first continued by "
            "mirroring it at its right and lower edges",
            lambda image: as_arrays(windows=torch.stack(windows(image[0], self._size))),
        )

    def _described(self) -> dict[str, Any]:
        backbone = self._model.backbone
        return {"backbone": backbone.info.name, "layer": backbone.layers[0], "windows": self._cutting}

    @property
    def _size(self) -> int:
        return self._model.backbone.info.size

    @property
    def _cutting(self) -> str:
        return f"{self._size} pixels a side, up to {MOST}×{MOST} evenly spaced, no resizing"

    def _score(self, image: torch.Tensor) -> torch.Tensor:
        found = [self._model(window[None].to(self._device)) for window in windows(image, self._size)]
        return self._standard.scores(torch.cat(found).float().mean()).cpu()


def windows(image: torch.Tensor, size: int) -> list[torch.Tensor]:
    """As few windows as cover a picture, evenly spaced, row by row; of a large picture ``MOST`` a row and column.

    A picture that is smaller than a window is continued by mirroring, as in training.

    Args:
        image: uint8, shape (3, H, W)
        size: side of the windows, in pixels

    Returns:
        each of shape (3, size, size)
    """
    pixels = mirrored(image.permute(1, 2, 0).cpu().numpy(), size)
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    tops, lefts = (
        np.linspace(0, side - size, min(-(-side // size), MOST)).round().astype(int).tolist()
        for side in image.shape[-2:]
    )
    return [image[:, top : top + size, left : left + size] for top in tops for left in lefts]


create = FinetunedQuality.create
