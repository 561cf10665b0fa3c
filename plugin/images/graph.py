"""Pillow's resizing in an ONNX graph, to the same grey levels."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..graphs import GraphWriter, Value
from .tensors import FIXED_POINT

_HALF: Final = np.float64(0.5)
_ZERO: Final = np.float64(0)
_ONE: Final = np.float64(1)
_FIXED_POINT: Final = np.float64(FIXED_POINT)


def resized(write: GraphWriter, images: Value, size: int) -> Value:
    """Images as :func:`.tensors.resize` brings them to size; of that size they stay as they are.

    Args:
        write: the graph's writer
        images: uint8, shape (N, 3, H, W)
        size: side of the square to resize to, in pixels

    Returns:
        uint8, shape (N, 3, size, size)
    """
    sides = write("Shape", images, start=2)
    there = write("Equal", sides, np.array([size, size]))
    both = write("ReduceMin", write.cast(there, np.int32), keepdims=0)
    return write.choose(
        write.cast(both, np.bool_),
        lambda inner: inner("Identity", images),
        lambda inner: _resampled(inner, images, size),
    )


def _resampled(write: GraphWriter, images: Value, size: int) -> Value:
    height, width = (
        write.cast(write("Squeeze", write("Shape", images, start=axis, end=axis + 1)), np.float64) for axis in (2, 3)
    )
    across = _weights(write, width, size)
    down = write("Transpose", _weights(write, height, size), perm=[1, 0])
    levels = write.cast(images, np.float64)

    def columns_first(inner: GraphWriter) -> Value:
        return _levels(inner, inner("MatMul", _levels(inner, inner("MatMul", down, levels)), across))

    def rows_first(inner: GraphWriter) -> Value:
        return _levels(inner, inner("MatMul", down, _levels(inner, inner("MatMul", levels, across))))

    narrow = write("Greater", height, write("Mul", width, np.float64(100)))
    higher = write("Greater", height, np.float64(size))
    return write.cast(write.choose(write("And", narrow, higher), columns_first, rows_first), np.uint8)


def _levels(write: GraphWriter, sums: Value) -> Value:
    return write("Floor", write("Add", write("Div", sums, _FIXED_POINT), _HALF))


def _weights(write: GraphWriter, source: Value, size: int) -> Value:
    """What each of ``source`` pixels adds to each of ``size``, whole numbers, shape (source, size)."""
    scale = write("Div", source, np.float64(size))
    reach = write("Max", scale, _ONE)
    centre = write("Mul", np.arange(size) + 0.5, scale)
    position = write("Unsqueeze", write("Range", _ZERO, source, _ONE), np.array([1]))
    first = write("Floor", write("Add", write("Sub", centre, reach), _HALF))
    behind = write("Floor", write("Add", write("Add", centre, reach), _HALF))
    inside = write("And", write("GreaterOrEqual", position, first), write("Less", position, behind))
    offset = write("Add", write("Sub", position, centre), _HALF)
    distance = write("Abs", write("Mul", offset, write("Div", _ONE, reach)))
    heights = write("Max", write("Sub", _ONE, distance), _ZERO)
    weights = write("Mul", heights, write.cast(inside, np.float64))
    shares = write("Div", weights, write("ReduceSum", weights, np.array([0])))
    return write("Floor", write("Add", write("Mul", shares, _FIXED_POINT), _HALF))
