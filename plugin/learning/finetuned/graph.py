"""Fine-tuned networks as ONNX graphs, whatever library their backbone is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from ...graphs import Graph
from ..regression import Regression
from ..tracing import traced
from ..trained import Standard


class _Picture(nn.Module):
    """A network's output for the picture that windows were cut from.

    Args:
        model: the network
    """

    def __init__(self, model: Regression) -> None:
        super().__init__()
        self.model = model

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Standardised quality, (1,), of windows (N, 3, S, S)."""
        quality: torch.Tensor = self.model(windows).mean(0, keepdim=True)
        return quality


def windows_graph(
    model: Regression,
    standard: Standard,
    cutting: str,
    feed: Callable[[torch.Tensor], Mapping[str, NDArray[Any]]],
) -> Graph:
    """The windows of one picture, uint8 RGB (N, 3, S, S), to its score, (1,).

    Args:
        model: a network on the CPU, in evaluation mode
        standard: of the opinions that it was trained on
        cutting: how windows are cut from a picture, in words
        feed: a picture (1, 3, H, W) to the input ``windows``

    Raises:
        UsageError: if PyTorch cannot export the backbone
    """
    backbone = model.backbone.info
    shape = (2, 3, backbone.size, backbone.size)
    return Graph(
        model=traced(_Picture(model), standard, ["windows"], shape, {0: "windows"}, backbone.title),
        inputs={"windows": "all windows of one picture"},
        outputs={"score": "mean opinion, 0 to 100, of the picture that the windows are of"},
        preprocessing=cutting,
        feed=feed,
    )
