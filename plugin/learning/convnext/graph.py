"""ConvNeXt models as ONNX graphs: pictures of any number and size to scores."""

from __future__ import annotations

import torch
from torch import nn

from ...graphs import Graph, as_arrays
from ..tracing import traced
from ..trained import Standard
from .model import SHORTEST, ConvNext, at_working_size, sizing

#: Height and width of the picture that is traced: two lengths that no axis has else.
_TRACED = (96, 160)


class _Scores(nn.Module):
    """Scores of pictures.

    Args:
        model: a network
        standard: of the opinions that it was trained on
    """

    def __init__(self, model: ConvNext, standard: Standard) -> None:
        super().__init__()
        self.model = model
        self.standard = standard

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Scores, (N,), of pictures (N, 3, H, W)."""
        return self.standard.scores(self.model(image))


def picture_graph(model: ConvNext, standard: Standard) -> Graph:
    """Images, uint8 RGB (N, 3, H, W) at the model's working size, to scores, (N,).

    Args:
        model: a network on the CPU, in evaluation mode
        standard: of the opinions that it was trained on

    Raises:
        UsageError: if PyTorch cannot export the network
    """
    longest = model.longest
    sides = {0: "batch", 2: "height", 3: "width"}
    example = torch.zeros(2, 3, *_TRACED, dtype=torch.uint8)
    title = model.backbone.info.title
    return Graph(
        model=traced(_Scores(model, standard), "image", example, sides, "score", title),
        inputs={"image": f"pictures; shorter side at least {SHORTEST} pixels, longer at most {longest}"},
        outputs={"score": "mean opinion, 0 to 100"},
        preprocessing=sizing(longest),
        feed=lambda image: as_arrays(image=at_working_size(image, longest)),
    )
