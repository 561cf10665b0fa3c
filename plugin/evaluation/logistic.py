"""The monotone curve that maps a metric's scores to opinion scores before linear statistics are taken.

"logistic5" is the five-parameter logistic of

    H. R. Sheikh, M. F. Sabir, A. C. Bovik, "A statistical evaluation of recent full reference image quality
    assessment algorithms", IEEE Transactions on Image Processing 15(11), 2006,

    f(x) = b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5

"logistic4" the four-parameter one of

    Video Quality Experts Group, "Final report on the validation of objective models of video quality assessment,
    phase II", 2003,

    f(x) = b2 + (b1 - b2) / (1 + exp(-(x - b3) / |b4|))

which is the former without its linear term.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from .correlation import MIN_PAIRS, Vector, as_vector, complete_pairs, is_constant

# Two distinct scores for each of the five parameters; with fewer the curve would run through the noise.
MIN_DISTINCT = 10

_REFINED_STARTS = 2

Curve = Literal["logistic5", "logistic4"]
"""Curves that can be asked for."""

Kind = Literal["logistic5", "logistic4", "linear"]
"""Curves that a fit can end as."""


@dataclass(frozen=True)
class Fit:
    """A fitted monotone curve.

    Attributes:
        kind: "logistic5", "logistic4", or "linear" where the scores do not carry a logistic
        params: (b1, …, b5) or (b1, …, b4) of the logistic, or (slope, intercept), in the units of score and target
        domain: the lowest and the highest score that was fitted
    """

    kind: Kind
    params: tuple[float, ...]
    domain: tuple[float, float]

    def predict(self, score: ArrayLike) -> Vector:
        """The target that the curve gives for each score, in the target's units."""
        x = np.asarray(score, dtype=np.float64)
        if self.kind == "linear":
            slope, intercept = self.params
            return slope * x + intercept
        if self.kind == "logistic4":
            b1, b2, b3, b4 = self.params
            return _logistic(x, b1 - b2, 1 / b4, b3, 0, (b1 + b2) / 2)
        return _logistic(x, *self.params)

    def tangent(self, score: ArrayLike) -> Vector:
        """How the prediction for each of N scores changes with each of p parameters, (N, p).

        The columns are those of some parameters of the same curve, whatever their scale.
        """
        x = np.asarray(score, dtype=np.float64)
        ones = np.ones_like(x)
        if self.kind == "linear":
            return np.column_stack([x, ones])
        steepness, middle = (1 / self.params[3] if self.kind == "logistic4" else self.params[1]), self.params[2]
        u = steepness * (x - middle)
        slope = _sigmoid_slope(u)
        return np.column_stack([_sigmoid(u), u * slope, slope, ones, *([x] if self.kind == "logistic5" else [])])

    @property
    def direction(self) -> int:
        """1 where the curve rises with the score, -1 where it falls, 0 where it is flat."""
        low, high = self.predict(self.domain)
        return int(np.sign(high - low))


def fit_curve(score: ArrayLike, target: ArrayLike, curve: Curve = "logistic5") -> Fit | None:
    """Fit a monotone curve by least squares.

    The five-parameter logistic is taken where it is monotone over the range of the scores. Where its linear term
    would bend it back, the four-parameter one takes its place. A straight line stands in for either where there are
    fewer than ``MIN_DISTINCT`` distinct scores, or where no logistic is closer to the targets. Both sides are
    standardised first, so that the result follows every change of unit.

    Pairs with a missing or infinite value are left out.

    Returns:
        the curve, or None where there is nothing to fit: fewer than three pairs, or a constant side

    Raises:
        UsageError: the sequences are not numbers, not one-dimensional or differ in length
    """
    x, y = complete_pairs(as_vector(score, "score"), as_vector(target, "target"))
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) < MIN_PAIRS or is_constant(x) or is_constant(y):
        return None
    (zx, x_mean, x_scale), (zy, y_mean, y_scale) = _standardise(x), _standardise(y)
    domain = float(x.min()), float(x.max())

    slope = float(np.mean(zx * zy))
    logistic = _monotone_logistic(zx, zy, curve) if len(np.unique(x)) >= MIN_DISTINCT else None
    if logistic is None or _squared_error(slope * zx, zy) <= _squared_error(_logistic(zx, *logistic), zy):
        slope *= y_scale / x_scale
        return Fit("linear", (slope, y_mean - slope * x_mean), domain)

    b1, b2, b3, b4, b5 = logistic
    b1, b2, b3 = b1 * y_scale, b2 / x_scale, b3 * x_scale + x_mean
    if b4 == 0:
        middle = b5 * y_scale + y_mean
        return Fit("logistic4", (middle + b1 / 2, middle - b1 / 2, b3, 1 / b2), domain)
    b4 *= y_scale / x_scale
    return Fit("logistic5", (b1, b2, b3, b4, b5 * y_scale + y_mean - b4 * x_mean), domain)


def _monotone_logistic(z: Vector, y: Vector, curve: Curve) -> tuple[float, ...] | None:
    """Parameters of the closest logistic that is monotone over the range of ``z``, if one was found."""
    full = _closest_logistics(z, y, linear_term=True) if curve == "logistic5" else []
    if full and _is_monotone(full[0], z):
        return full[0]
    candidates = full + _closest_logistics(z, y, linear_term=False)
    monotone = [params for params in candidates if _is_monotone(params, z)]
    return min(monotone, key=lambda params: _squared_error(_logistic(z, *params), y), default=None)


def _is_monotone(params: tuple[float, ...], z: Vector) -> bool:
    # The slope has one extremum, at b3: its signs there and at both ends are all the signs it has.
    b1, b2, b3, b4, _ = params
    low, high = z.min(), z.max()
    slope = b1 * b2 * _sigmoid_slope(b2 * (np.array([low, np.clip(b3, low, high), high]) - b3)) + b4
    return bool(np.all(slope >= 0) or np.all(slope <= 0))


def _closest_logistics(z: Vector, y: Vector, linear_term: bool) -> list[tuple[float, ...]]:
    """Parameters of the least-squares logistics that the best starts lead to, the closest first.

    Given b2 and b3 the curve is linear in b1, b4 and b5. So only log(b2) and b3 are searched, and the others
    solved for at each step (variable projection, Golub and Pereyra 1973, with Kaufman's Jacobian): this
    converges where all five together would drift along b1 -> inf, b2 -> 0.
    """
    ones = np.ones_like(z)

    def basis(theta: Vector) -> Vector:
        sigmoid = _sigmoid(np.exp(theta[0]) * (z - theta[1]))
        return np.column_stack([sigmoid, ones, z] if linear_term else [sigmoid, ones])

    def residuals(theta: Vector) -> Vector:
        columns = basis(theta)
        return columns @ _solve(columns, y) - y

    def jacobian(theta: Vector) -> Vector:
        columns = basis(theta)
        b1, b2 = _solve(columns, y)[0], np.exp(theta[0])
        u = b2 * (z - theta[1])
        partial: Vector = b1 * _sigmoid_slope(u)[:, None] * np.column_stack([u, -b2 * ones])
        return partial - columns @ _solve(columns, partial)

    starts = _starts(z)
    log_b2, reach = starts[:, 0], np.ptp(z)
    lowest = [log_b2.min() - np.log(10), z.min() - reach]
    highest = [log_b2.max() + np.log(10), z.max() + reach]
    best_first = sorted(starts, key=lambda theta: float(np.sum(residuals(theta) ** 2)))
    minima = [
        least_squares(residuals, theta, jacobian, bounds=(lowest, highest), ftol=1e-10, xtol=1e-10, max_nfev=50)
        for theta in best_first[:_REFINED_STARTS]
    ]
    curves: list[tuple[float, ...]] = []
    for minimum in sorted(minima, key=lambda minimum: float(minimum.cost)):
        b1, b5, *b4 = map(float, _solve(basis(minimum.x), y))
        curves.append((b1, float(np.exp(minimum.x[0])), float(minimum.x[1]), b4[0] if b4 else 0.0, b5))
    return curves


def _starts(z: Vector) -> Vector:
    """Start values (log b2, b3), shape (k, 2): for each two quantiles a sigmoid rising from one to the other.

    Quantiles lie where the data lie, also when the scores span decades, and follow every change of unit.
    """
    quantiles = np.quantile(z, [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1])
    apart = [(low, high) for low, high in combinations(quantiles, 2) if high - low > 1e-9]
    return np.array([(np.log(6 / (high - low)), (low + high) / 2) for low, high in apart])


def _solve(columns: Vector, y: Vector) -> Vector:
    solution: Vector = np.linalg.lstsq(columns, y, rcond=1e-10)[0]
    return solution


def _squared_error(predicted: Vector, y: Vector) -> float:
    return float(np.sum((predicted - y) ** 2))


def _logistic(x: Vector, b1: float, b2: float, b3: float, b4: float, b5: float) -> Vector:
    return b1 * _sigmoid(b2 * (x - b3)) + b4 * x + b5


def _sigmoid(u: Vector) -> Vector:
    """1/2 - 1 / (1 + exp(u)), without its overflow."""
    return np.tanh(u / 2) / 2


def _sigmoid_slope(u: Vector) -> Vector:
    return (1 - np.tanh(u / 2) ** 2) / 4


def _standardise(x: Vector) -> tuple[Vector, float, float]:
    """Values of zero mean and unit standard deviation, the mean and the deviation."""
    mean = float(x.mean())
    largest = float(np.abs(x - mean).max())  # taken out first: squares of extreme values under- or overflow
    deviation = largest * float(np.std((x - mean) / largest))
    return (x - mean) / deviation, mean, deviation
