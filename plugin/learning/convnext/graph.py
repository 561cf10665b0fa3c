"""ConvNeXt models as ONNX graphs: pictures of any number and size to scores."""

from __future__ import annotations

from ...graphs import Graph, as_arrays
from ..tracing import PICTURES, SIDES, traced
from ..trained import Standard
from .model import SHORTEST, ConvNext, at_working_size, sizing


def picture_graph(model: ConvNext, standard: Standard) -> Graph:
    """Images, uint8 RGB (N, 3, H, W) at the model's working size, to scores, (N,).

    Args:
        model: a network on the CPU, in evaluation mode
        standard: of the opinions that it was trained on

    Raises:
        UsageError: if PyTorch cannot export the network
    """
    longest = model.longest
    title = model.backbone.info.title
    return Graph(
        model=traced(model, standard, ["image"], PICTURES, SIDES, title),
        inputs={"image": f"pictures; shorter side at least {SHORTEST} pixels, longer at most {longest}"},
        outputs={"score": "mean opinion, 0 to 100"},
        preprocessing=sizing(longest),
        feed=lambda image: as_arrays(image=at_working_size(image, longest)),
    )
