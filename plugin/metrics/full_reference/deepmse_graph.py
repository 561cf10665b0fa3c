"""DeepMSE as an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...graphs import Graph, GraphWriter, Value, as_arrays
from ...images import MIN_SIDE
from ...images.graph import resized
from ...networks.graph import squeezenet_layers

if TYPE_CHECKING:
    from .deepmse import DeepMSE


def deepmse_graph(model: DeepMSE) -> Graph:
    """References and distorted images, uint8 RGB (N, 3, H, W), to scores (N,) and stages (N, 5).

    Under ``resize-256`` the graph itself resizes, to the same grey levels as Pillow, and a reference may have another
    size than its distorted image.
    """
    write = GraphWriter()
    size = model.policy.size
    sides = {"reference": ["height", "width"], "distorted": ["height", "width"]}
    if size is not None:
        sides = {name: [f"{name}_{side}" for side in named] for name, named in sides.items()}
    images: list[Value] = [name if size is None else resized(write, name, size) for name in sides]
    both = squeezenet_layers(write, model.layers, write("Concat", *images, axis=0))
    stages = []
    for index, activation in both:
        if index in model.preset.taps:
            reference, distorted = write.halves(activation)
            away = write("Sub", reference, distorted)
            # In two steps: in one, a million squares lose five digits in single precision.
            of_channels = write("ReduceMean", write("Mul", away, away), np.array([2, 3]), keepdims=0)
            stages.append(write("ReduceMean", of_channels, np.array([1]), keepdims=1))
        if index == max(model.preset.taps):
            break
    each = write("Concat", *stages, axis=1)
    score = write("ReduceMean", each, np.array([1]), keepdims=0)
    side = f"of at least {MIN_SIDE} pixels a side"
    return Graph(
        model=write.model(
            {name: (np.uint8, ["batch", 3, *named]) for name, named in sides.items()},
            {"score": (score, np.float32, ["batch"]), "stages": (each, np.float32, ["batch", len(stages)])},
        ),
        inputs={
            "reference": f"undistorted pictures {side}, as many as there are distorted ones",
            "distorted": f"distorted pictures {side}",
        },
        outputs={
            "score": "the mean of the stages",
            "stages": f"mean squared error between features at {', '.join(model.preset.stages)}",
        },
        preprocessing="none: the pair must have one size"
        if size is None
        else f"none: the graph resizes to {size}×{size} as Pillow's antialiased bilinear filter does, in 8 bit",
        feed=lambda reference, distorted: as_arrays(reference=reference, distorted=distorted),
    )
