"""The frozen networks, and poolings, as parts of ONNX graphs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..errors import UsageError
from ..graphs import GraphWriter, Value
from . import efficientnet_lite, squeezenet

_POSITIONS: Final = np.array([2, 3])


def squeezenet_layers(write: GraphWriter, layers: nn.Sequential, images: Value) -> Iterator[tuple[int, Value]]:
    """Index and output of each layer of :func:`.squeezenet.features`; index -1 is the normalised image itself.

    Args:
        write: the graph's writer
        layers: with weights
        images: uint8 RGB, shape (N, 3, H, W)
    """
    x = write("Div", write.cast(images, np.float32), np.float32(255))
    mean, std = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in (squeezenet.MEAN, squeezenet.STD))
    x = write("Div", write("Sub", x, mean), std)
    yield -1, x
    for index, layer in enumerate(layers):
        x = _layer(write, layer, x)
        yield index, x


def efficientnet_activations(
    write: GraphWriter, network: efficientnet_lite.EfficientNetLite0, images: Value
) -> Iterator[tuple[str, Value]]:
    """Name and value of each activation of :class:`.efficientnet_lite.EfficientNetLite0`, in its order.

    Args:
        write: the graph's writer
        network: with weights
        images: uint8 RGB, shape (N, 3, H, W)
    """
    x = write("Sub", write.cast(images, np.float32), np.float32(efficientnet_lite.MEAN))
    x = _relu6(write, _convolution(write, network.stem, write("Div", x, np.float32(efficientnet_lite.STD))))
    yield "stem", x
    for index, block in enumerate(network.blocks):
        if not isinstance(block, efficientnet_lite.InvertedResidual):
            raise TypeError(f"block {index} is a {type(block).__name__}")
        inner = x if block.expand is None else _relu6(write, _convolution(write, block.expand, x))
        inner = _relu6(write, _convolution(write, block.depthwise, inner))
        yield f"block{index}.depthwise", inner
        projected = _convolution(write, block.project, inner)
        x = write("Add", projected, x) if block.residual else projected
        yield f"block{index}", x
    yield "head", _relu6(write, _convolution(write, network.head, x))


def pooled(write: GraphWriter, activation: Value, pool: str) -> Value:
    """An activation (N, C, h, w) pooled as :mod:`.pooling` names it.

    Raises:
        UsageError: if no graph is known of the pooling
    """
    means = _mean_of_positions(write, activation)
    flat = write("Squeeze", means, _POSITIONS)
    if pool == "mean":
        return flat
    if pool != "mean+std":
        raise UsageError(f"the pooling {pool!r} has no graph")
    away = write("Sub", activation, means)
    variances = write("Squeeze", _mean_of_positions(write, write("Mul", away, away)), _POSITIONS)
    return write("Concat", flat, write("Sqrt", variances), axis=1)


def _mean_of_positions(write: GraphWriter, activation: Value) -> Value:
    """Along rows, then along columns: in one step, long sums lose digits in single precision."""
    rows = write("ReduceMean", activation, _POSITIONS[1:], keepdims=1)
    return write("ReduceMean", rows, _POSITIONS[:1], keepdims=1)


def _layer(write: GraphWriter, layer: nn.Module, x: Value) -> Value:
    match layer:
        case nn.Conv2d():
            return _convolution(write, layer, x)
        case nn.ReLU():
            return write("Relu", x)
        case nn.MaxPool2d():
            sides, strides = [int(layer.kernel_size)] * 2, [int(layer.stride)] * 2  # type: ignore[arg-type]
            return write("MaxPool", x, kernel_shape=sides, strides=strides, ceil_mode=int(layer.ceil_mode))
        case squeezenet.Fire():
            squeezed = write("Relu", _convolution(write, layer.squeeze, x))
            sides_ = [_convolution(write, expand, squeezed) for expand in (layer.expand1x1, layer.expand3x3)]
            return write("Relu", write("Concat", *sides_, axis=1))
    raise TypeError(f"no graph is known of a {type(layer).__name__}")


def _convolution(write: GraphWriter, layer: nn.Conv2d, x: Value) -> Value:
    """A convolution with the layer's padding; TensorFlow's SAME, which depends on the size, has a word of its own."""
    padding: dict[str, Any] = {"pads": [int(side) for side in layer.padding] * 2}
    if isinstance(layer, efficientnet_lite.SameConv2d):
        padding = {"auto_pad": "SAME_UPPER"}
    constants = [_array(layer.weight)] if layer.bias is None else [_array(layer.weight), _array(layer.bias)]
    return write("Conv", x, *constants, strides=list(layer.stride), group=layer.groups, **padding)


def _relu6(write: GraphWriter, x: Value) -> Value:
    return write("Clip", x, np.float32(0), np.float32(6))


def _array(parameter: Any) -> NDArray[np.float32]:
    array: NDArray[np.float32] = parameter.detach().float().cpu().numpy()
    return array
