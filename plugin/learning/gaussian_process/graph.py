"""The no-reference model as an ONNX graph: network, pooling, linear function and Gaussian process."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ...graphs import Graph, GraphWriter, Value, as_arrays
from ...networks.efficientnet_lite import EfficientNetLite0
from ...networks.graph import efficientnet_activations, pooled
from ..opinion import HIGHEST, LOWEST, NODES
from .features import LONGEST, PIXELS, SHORTEST, at_working_size
from .model import Array, QualityModel
from .statistics_graph import statistics_values

_LAST: Final = np.array([1])
_BOUNDS: Final = (np.float64(LOWEST), np.float64(HIGHEST))


def quality_graph(model: QualityModel, network: EfficientNetLite0) -> Graph:
    """Images, uint8 RGB (N, 3, H, W) at the model's working size, to scores, deviations and percentiles, each (N,).

    From the pooled activations on it computes in double precision, as the model does.

    Args:
        model: a calibrated model
        network: the one that it was trained on
    """
    write = GraphWriter()
    wanted = set(model.recipe.taps)
    taps: dict[str, Value] = {}
    if PIXELS in wanted:
        taps[PIXELS] = write.cast(statistics_values(write, "image"), np.float64)
    for name, activation in efficientnet_activations(write, network, "image"):
        if name in wanted:
            taps[name] = write.cast(pooled(write, activation, model.recipe.pool), np.float64)
        if len(taps) == len(wanted):
            break
    mean, deviation = _learnt(write, model, taps)
    values = write("Add", mean, write("Mul", deviation, NODES))
    opinions = write("Clip", _interpolated(write, values, model.scale.learnt, model.scale.opinions), *_BOUNDS)
    score = write("ReduceMean", opinions, _LAST, keepdims=1)
    away = write("Sub", opinions, score)
    spread = write("Sqrt", write("ReduceMean", write("Mul", away, away), _LAST, keepdims=1))
    among = write("Clip", score, *map(np.float64, model.quantiles[[0, -1]]))
    percentile = _interpolated(write, among, model.quantiles, np.linspace(0, 100, len(model.quantiles)))
    found = {"score": score, "deviation": spread, "percentile": percentile}
    outputs = {name: write.cast(write("Squeeze", value, _LAST), np.float32) for name, value in found.items()}
    return Graph(
        model=write.model(
            {"image": (np.uint8, ["batch", 3, "height", "width"])},
            {name: (value, np.float32, ["batch"]) for name, value in outputs.items()},
        ),
        inputs={"image": f"pictures; shorter side at least {SHORTEST} pixels, longer at most {LONGEST}"},
        outputs={
            "score": "expected mean opinion, 0 to 100",
            "deviation": "standard deviation of the mean opinion about the score",
            "percentile": "share of the training pictures that score lower, 0 to 100",
        },
        preprocessing=f"none if the shorter side has {SHORTEST} pixels or more and the longer at most {LONGEST}; "
        f"else enlarged, antialiased bilinear in 8 bit, until the shorter has {SHORTEST}, but reduced until the "
        f"longer has no more than {LONGEST}",
        feed=lambda image: as_arrays(image=at_working_size(image)),
    )


def _learnt(write: GraphWriter, model: QualityModel, taps: dict[str, Value]) -> tuple[Value, Value]:
    """What ``QualityModel.learnt`` gives, (N, 1) each, by pooled activations (N, C)."""
    numbers = model.hyperparameters
    examples, weights, inverse = model.process.solved()
    covariance: Value | None = None
    start = 0
    for group, axes in zip(model.recipe.curved, model.axes, strict=True):
        place = slice(start, start := start + axes.shape[1])
        features = write("Concat", *(taps[tap] for tap in group), axis=1)
        along = write("MatMul", features, write.cast(axes, np.float64))
        components = write("Sub", write("Mul", along, model.axis_scales[place]), model.offset[place])
        term = write(
            "Mul", _matern52(write, components, examples[:, place], numbers.length), np.float64(numbers.matern)
        )
        covariance = term if covariance is None else write("Add", covariance, term)
    every = write("Concat", *(taps[tap] for tap in model.sizes), axis=1)
    linear = write("Add", write("MatMul", every, model.weights[:, None].astype(np.float64)), np.float64(model.bias))
    if covariance is None:
        nothing = write("Mul", linear, np.float64(0))
        return linear, write("Add", nothing, np.float64(model.spread * math.sqrt(numbers.noise)))
    mean = write("Add", linear, write("MatMul", covariance, weights[:, None]))
    # Single precision keeps the file small: eight digits of a variance that the noise is added to.
    whitened = write("MatMul", covariance, write.cast(inverse.T.astype(np.float32), np.float64))
    explained = write("ReduceSum", write("Mul", whitened, whitened), _LAST, keepdims=1)
    prior = np.float64(numbers.matern * len(model.axes))
    left = write("Max", write("Sub", prior, explained), np.float64(0))
    std = write("Sqrt", write("Add", left, np.float64(numbers.noise)))
    return mean, write("Mul", std, np.float64(model.spread))


def _matern52(write: GraphWriter, points: Value, examples: Array, length: float) -> Value:
    """Matérn covariance of smoothness 5/2 and variance 1 between points (N, d) and examples (M, d), (N, M)."""
    squares = write("ReduceSum", write("Mul", points, points), _LAST, keepdims=1)
    products = write("MatMul", points, -2 * examples.T)
    distances = write("Add", write("Add", squares, np.square(examples).sum(1)), products)
    nearest = write("Sqrt", write("Max", distances, np.float64(0)))
    scaled = write("Mul", nearest, np.float64(math.sqrt(5) / length))
    bracket = write("Add", write("Div", scaled, np.float64(3)), np.float64(1))
    polynomial = write("Add", write("Mul", scaled, bracket), np.float64(1))
    return write("Mul", polynomial, write("Exp", write("Neg", scaled)))


def _interpolated(write: GraphWriter, values: Value, x: Array, y: Array) -> Value:
    """Linear interpolation between knots, and extrapolation beyond them, of values of any shape."""
    rises = np.diff(y) / np.where(np.diff(x) > 0, np.diff(x), np.inf)
    slopes = np.append(rises, rises[-1])
    reached = write("GreaterOrEqual", write("Unsqueeze", values, np.array([-1])), x)
    count = write("ReduceSum", write.cast(reached, np.int64), np.array([-1]), keepdims=0)
    knot = write("Max", write("Sub", count, np.int64(1)), np.int64(0))
    beyond = write("Sub", values, write("Gather", x, knot))
    return write("Add", write("Gather", y, knot), write("Mul", write("Gather", slopes, knot), beyond))
