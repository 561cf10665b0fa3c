"""Three-branch models as ONNX graphs: pairs of any number and size to scores."""

from __future__ import annotations

from ...graphs import Graph, as_arrays
from ..tracing import PICTURES, SIDES, traced
from ..trained import Standard
from .model import ThreeBranch


def pair_graph(model: ThreeBranch, standard: Standard, title: str) -> Graph:
    """References and distorted images, uint8 RGB (N, 3, H, W) each, to scores, (N,).

    Args:
        model: a network on the CPU, in evaluation mode
        standard: of the opinions that it was trained on
        title: what to call it in messages

    Raises:
        UsageError: if PyTorch cannot export the network
    """
    return Graph(
        model=traced(model, standard, ["reference", "distorted"], PICTURES, SIDES, title),
        inputs={"reference": "pictures to compare with", "distorted": "pictures of the same size"},
        outputs={"score": "mean opinion, 0 to 100"},
        preprocessing="none; both pictures have one size",
        feed=lambda reference, distorted: as_arrays(reference=reference, distorted=distorted),
    )
