"""The statistics of pixels as part of an ONNX graph, operation by operation as :mod:`.statistics` computes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ...graphs import GraphWriter, Value
from .statistics import (
    AT_SCALES,
    CHANNELS,
    DEVIATION_AT,
    GRID,
    LUMA_AT,
    NEIGHBOURS,
    RESIDUAL_AT,
    STABILISER,
    STEP,
    WINDOW,
)

_END: Final = np.iinfo(np.int64).max
_ROWS, _COLUMNS = 2, 3
_POSITIONS: Final = np.array([_ROWS, _COLUMNS])


def statistics_values(write: GraphWriter, images: Value) -> Value:
    """Statistics of images, float32 (N, :data:`.statistics.COUNT`).

    Args:
        write: the graph's writer
        images: uint8 RGB, shape (N, 3, H, W), with sides of :data:`.statistics.SHORTEST` pixels at least
    """
    rgb = write.cast(images, np.float32)
    colours = [write("Gather", rgb, np.array([index]), axis=1) for index in range(3)]
    channels = [_weighted(write, colours, weights) for weights in CHANNELS]
    luma, every = channels[0], write("Concat", *channels, axis=1)
    turned = write("Transpose", luma, perm=[0, 1, 3, 2])
    found = [
        _either_way(write, _blockiness(write, luma), _blockiness(write, turned)),
        _clipping(write, images, rgb),
        _tones(write, luma, every),
    ]
    for scale, count in enumerate(AT_SCALES):
        if scale:
            every = _halved(write, every)
        found.append(_coefficients(write, _cut(write, every, 1, 0, count)))
    return write("Concat", *found, axis=1)


def _coefficients(write: GraphWriter, channels: Value) -> Value:
    squares = write("Mul", channels, channels)
    mean, mean_square = _blurred(write, channels), _blurred(write, squares)
    variance = write("Sub", mean_square, write("Mul", mean, mean))
    deviation = write("Sqrt", write("Max", variance, np.float32(0)))
    mscn = write("Div", write("Sub", channels, mean), write("Add", deviation, np.float32(STABILISER)))
    square = write("Mul", mscn, mscn)
    second = _mean(write, square)
    flatness = write("Add", write("Mul", second, second), np.float32(1e-4))
    parts = [
        _log(write, second, 1e-4),
        _log(write, _mean(write, write("Abs", mscn)), 1e-2),
        _mean(write, write("Mul", square, mscn)),
        _log(write, write("Div", _mean(write, write("Mul", square, square)), flatness), 1),
    ]
    for pair in NEIGHBOURS:
        one, other = (_products(write, mscn, down, across) for down, across in pair)
        parts.append(_either_way(write, one, other))
    parts.append(_log(write, _percentiles(write, deviation, DEVIATION_AT), 0.1))
    residual = channels
    for axis in (_ROWS, _COLUMNS):
        before, middle, after = (_cut(write, residual, axis, start, start - 2) for start in range(3))
        residual = write("Add", write("Sub", before, write("Mul", middle, np.float32(2))), after)
    parts.append(_log(write, _percentiles(write, write("Abs", residual), RESIDUAL_AT), 0.1))
    return write("Reshape", write("Concat", *parts, axis=2), np.array([0, -1]))


def _products(write: GraphWriter, mscn: Value, down: int, across: int) -> Value:
    left = max(0, -across)
    one = _cut(write, _cut(write, mscn, _ROWS, 0, -down), _COLUMNS, left, -max(0, across))
    other = _cut(write, _cut(write, mscn, _ROWS, down, 0), _COLUMNS, left + across, left + across - abs(across))
    product = write("Mul", one, other)
    return write("Concat", _mean(write, product), _log(write, _mean(write, write("Abs", product)), 1e-3), axis=2)


def _either_way(write: GraphWriter, one: Value, other: Value) -> Value:
    """Along the last axis."""
    both = write("Mul", write("Add", one, other), np.float32(0.5))
    return write("Concat", both, write("Abs", write("Sub", one, other)), axis=-1)


def _weighted(write: GraphWriter, planes: Iterable[Value], weights: Sequence[float]) -> Value:
    total, *rest = (write("Mul", plane, np.float32(weight)) for plane, weight in zip(planes, weights, strict=True))
    for each in rest:
        total = write("Add", total, each)
    return total


def _halved(write: GraphWriter, channels: Value) -> Value:
    corners = (
        write(
            "Slice",
            channels,
            np.array([down, across]),
            np.array([_end(down - 1), _end(across - 1)]),
            _POSITIONS,
            np.array([2, 2]),
        )
        for down in range(2)
        for across in range(2)
    )
    return _weighted(write, corners, [0.25] * 4)


def _blurred(write: GraphWriter, planes: Value) -> Value:
    reach = len(WINDOW) // 2
    x = write("Pad", planes, np.array([0, 0, reach, reach] * 2), mode="edge")
    for axis in (_ROWS, _COLUMNS):
        shifted = [_cut(write, x, axis, shift, shift - 2 * reach) for shift in range(len(WINDOW))]
        x = _weighted(write, shifted, WINDOW)
    return x


def _percentiles(write: GraphWriter, values: Value, shares: tuple[float, ...]) -> Value:
    """Of (N, K, h, w), (N, K, number of shares)."""
    ends, steps = np.array([_END, _END]), np.array([STEP, STEP])
    few = write("Slice", values, np.array([0, 0]), ends, _POSITIONS, steps)
    flat = write("Reshape", few, np.array([0, 0, -1]))
    count = write("Shape", flat, start=2)
    ordered, _ = write.node("TopK", 2, flat, count, axis=2, largest=0)
    last = write.cast(write("Sub", count, np.int64(1)), np.float64)
    places = write("Round", write("Mul", last, np.array(shares, np.float64)))
    return write("Gather", ordered, write.cast(places, np.int64), axis=2)


def _blockiness(write: GraphWriter, luma: Value) -> Value:
    steps = write("Abs", write("Sub", _cut(write, luma, _COLUMNS, 1, 0), _cut(write, luma, _COLUMNS, 0, -1)))
    whole = write("Mul", write("Div", write("Shape", steps, start=3), np.int64(GRID)), np.array([GRID]))
    by_column = write(
        "ReduceMean",
        write("Slice", steps, np.array([0]), whole, np.array([_COLUMNS])),
        np.array([1, _ROWS]),
        keepdims=0,
    )
    means = write("ReduceMean", write("Reshape", by_column, np.array([0, -1, GRID])), np.array([1]), keepdims=0)
    ordered, _ = write.node("TopK", 2, _log(write, means, 0.05), np.array([GRID]), axis=1, largest=0)
    middle, highest, lowest = (
        write("Gather", ordered, np.array([place]), axis=1) for place in ((GRID - 1) // 2, GRID - 1, 0)
    )
    still = write(
        "ReduceMean",
        write.cast(write("Less", steps, np.float32(0.5)), np.float32),
        np.array([_ROWS, _COLUMNS]),
        keepdims=0,
    )
    return write("Concat", write("Sub", highest, middle), write("Sub", lowest, middle), still, axis=1)


def _clipping(write: GraphWriter, images: Value, rgb: Value) -> Value:
    ends = [write("LessOrEqual", rgb, np.float32(2)), write("GreaterOrEqual", rgb, np.float32(253))]
    shares = [write("ReduceMean", write.cast(end, np.float32), np.array([1, 2, 3]), keepdims=0) for end in ends]
    codes = write("Reshape", write.cast(images, np.int64), np.array([0, -1]))
    batch = write("Concat", write("Shape", images, end=1), np.array([256]), axis=0)
    one = write("ConstantOfShape", write("Shape", codes), value=_tensor(1))
    counts = write(
        "ScatterElements", write("ConstantOfShape", batch, value=_tensor(0)), codes, one, axis=1, reduction="add"
    )
    commonest = write(
        "Div",
        write("ReduceMax", counts, np.array([1]), keepdims=1),
        write.cast(write("Shape", codes, start=1), np.float32),
    )
    columns = [write("Unsqueeze", share, np.array([1])) for share in shares]
    return _log(write, write("Concat", *columns, commonest, axis=1), 1e-3)


def _tones(write: GraphWriter, luma: Value, channels: Value) -> Value:
    percentiles = write("Squeeze", _percentiles(write, luma, LUMA_AT), np.array([1]))
    means = write("ReduceMean", channels, _POSITIONS, keepdims=1)
    away = write("Sub", channels, means)
    deviations = write("Sqrt", write("ReduceMean", write("Mul", away, away), _POSITIONS, keepdims=0))
    scaled = write("Div", write("Concat", percentiles, write("Squeeze", means, _POSITIONS), axis=1), np.float32(255))
    return write("Concat", scaled, _log(write, deviations, 1), axis=1)


def _mean(write: GraphWriter, values: Value) -> Value:
    """Over positions: (N, K, h, w) to (N, K, 1). Along rows first: in one step, long sums lose digits."""
    rows = write("ReduceMean", values, np.array([_COLUMNS]), keepdims=0)
    return write("ReduceMean", rows, np.array([_ROWS]), keepdims=1)


def _log(write: GraphWriter, values: Value, least: float) -> Value:
    return write("Log", write("Add", values, np.float32(least)))


def _cut(write: GraphWriter, values: Value, axis: int, start: int, end: int) -> Value:
    """A part along an axis; an end of 0 is the axis's, one below it is counted from there."""
    return write("Slice", values, np.array([start]), np.array([_end(end)]), np.array([axis]))


def _end(end: int) -> int:
    return end or _END


def _tensor(value: float) -> object:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.array([value], np.float32))
