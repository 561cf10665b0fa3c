"""Networks of any library as ONNX graphs, by PyTorch's exporter."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..errors import UsageError
from ..graphs import OPSET


def traced(
    module: nn.Module, name: str, example: torch.Tensor, sides: Mapping[int, str], outputs: str, title: str
) -> Any:
    """A module of one input and one output as an ``onnx.ModelProto``.

    Args:
        module: on the CPU
        name: of its input
        example: an input
        sides: names of those of the input's axes that may have any length
        outputs: the name of its output
        title: what to call the network in messages

    Raises:
        UsageError: if PyTorch cannot export it
    """
    try:
        with warnings.catch_warnings():
            # They are of PyTorch's own making.
            warnings.simplefilter("ignore")
            exported: Any = torch.onnx.export(
                module.eval(),
                (example,),
                dynamo=True,
                input_names=[name],
                output_names=[outputs],
                dynamic_shapes=({axis: torch.export.Dim(side) for axis, side in sides.items()},),
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
