"""Networks of any library as ONNX graphs, by PyTorch's exporter."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import nn

from ..errors import UsageError
from ..graphs import OPSET
from .trained import Standard

PICTURES: Final = (2, 3, 96, 160)
"""Shape of pictures to trace networks of whole ones on: height and width are lengths that no axis has else."""

SIDES: Final = {0: "batch", 2: "height", 3: "width"}
"""The axes of whole pictures that may have any length."""


class _Scores(nn.Module):
    """Scores by a network of standardised opinions.

    Args:
        model: a network, of any number of inputs, to one number a picture
        standard: of the opinions that it was trained on
    """

    def __init__(self, model: nn.Module, standard: Standard) -> None:
        super().__init__()
        self.model = model
        self.standard = standard

    def forward(self, *images: torch.Tensor) -> torch.Tensor:
        """Scores, (N,)."""
        return self.standard.scores(self.model(*images))


def traced(
    model: nn.Module,
    standard: Standard,
    names: Sequence[str],
    shape: Sequence[int],
    sides: Mapping[int, str],
    title: str,
) -> Any:
    """A network of standardised opinions as an ``onnx.ModelProto`` whose output, ``score``, is on their own scale.

    Args:
        model: on the CPU, from images that are all of one shape to one number a picture
        standard: of the opinions that it was trained on
        names: of its inputs, uint8
        shape: of each, an example
        sides: names of those of the inputs' axes that may have any length
        title: what to call the network in messages

    Raises:
        UsageError: if PyTorch cannot export it
    """
    lengths = {axis: torch.export.Dim(side) for axis, side in sides.items()}
    try:
        with warnings.catch_warnings():
            # They are of PyTorch's own making.
            warnings.simplefilter("ignore")
            exported: Any = torch.onnx.export(
                _Scores(model, standard).eval(),
                # One tensor given twice would become one input.
                tuple(torch.zeros(tuple(shape), dtype=torch.uint8) for _ in names),
                dynamo=True,
                input_names=list(names),
                output_names=["score"],
                dynamic_shapes=(tuple(lengths for _ in names),),
                opset_version=OPSET,
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        # What it says itself is advice to its developers.
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = str(cause).strip().partition("\n")[0]
        raise UsageError(f"{title}: PyTorch cannot export the network ({reason})") from error
    written: Any = exported.model_proto
    for node in written.graph.node:
        # The lines of source that each is from, with their folders on this machine.
        node.ClearField("metadata_props")
    return written
