"""Rank and linear correlation of paired values, as they stand: no sign is changed or dropped."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import UsageError

Vector = NDArray[np.floating[Any]]

MIN_PAIRS = 3


@dataclass(frozen=True)
class Correlation:
    """Correlation of paired values; a statistic that cannot be had is None, with the reason.

    Attributes:
        n: pairs used
        n_missing: pairs left out because one of the values is missing (NaN)
        srcc: Spearman's rank correlation coefficient, in [-1, 1]
        krcc: Kendall's tau-b, in [-1, 1]
        plcc: Pearson's linear correlation coefficient, in [-1, 1]
        rmse: root of the mean squared difference
        reason: why a statistic is None; None where all could be had
    """

    n: int
    n_missing: int
    srcc: float | None = None
    krcc: float | None = None
    plcc: float | None = None
    rmse: float | None = None
    reason: str | None = None


def correlate(score: ArrayLike, target: ArrayLike) -> Correlation:
    """Correlate two sequences of the same length.

    NaN and None mean "missing": such pairs are left out and counted. Infinite values, such as the PSNR of
    identical images, have a rank, so they enter ``srcc`` and ``krcc``; ``plcc`` and ``rmse`` are then None.

    Raises:
        UsageError: the sequences are not numbers, not one-dimensional or differ in length
    """
    score, target = as_vector(score, "score"), as_vector(target, "target")
    x, y = complete_pairs(score, target)
    n, n_missing = len(x), len(score) - len(x)
    if n < MIN_PAIRS:
        return Correlation(n, n_missing, reason=_too_few(n))

    n_infinite = int(np.sum(np.isinf(x) | np.isinf(y)))
    rmse = None if n_infinite else float(np.sqrt(np.mean((x - y) ** 2)))
    for name, values in (("score", x), ("target", y)):
        if is_constant(values):
            return Correlation(n, n_missing, rmse=rmse, reason=f"every {name} is the same")

    return Correlation(
        n,
        n_missing,
        srcc=float(stats.spearmanr(x, y).statistic),
        krcc=float(stats.kendalltau(x, y, variant="b", method="asymptotic").statistic),
        plcc=None if n_infinite else float(stats.pearsonr(x, y).statistic),
        rmse=rmse,
        reason=f"infinite values in {n_infinite} of {n} pairs: rank statistics only" if n_infinite else None,
    )


def srccs_within(score: Vector, target: Vector, groups: NDArray[np.intp]) -> Vector:
    """SRCC within each group that there is, in the order of their numbers; NaN where there is none.

    Args:
        score: N scores, none missing
        target: N targets, none missing
        groups: number of each item's group
    """
    groups = np.unique(groups, return_inverse=True)[1]
    n = np.bincount(groups)
    x, y = _centred_ranks_within(score, groups), _centred_ranks_within(target, groups)
    spread = np.bincount(groups, x * x) * np.bincount(groups, y * y)
    srccs = np.full(len(n), np.nan)
    np.divide(np.bincount(groups, x * y), np.sqrt(spread), out=srccs, where=(n >= MIN_PAIRS) & (spread > 0))
    return srccs


def _centred_ranks_within(values: Vector, groups: NDArray[np.intp]) -> Vector:
    """Mid-ranks among the values of the same group, less their mean."""
    order = np.lexsort((values, groups))
    first = np.ones(len(values), np.bool_)
    first[1:] = (values[order][1:] != values[order][:-1]) | (groups[order][1:] != groups[order][:-1])
    run = np.empty(len(values), np.intp)
    run[order] = np.cumsum(first) - 1
    position = np.empty(len(values))
    position[order] = np.arange(len(values))
    ranks = (np.bincount(run, position) / np.bincount(run))[run]
    centred: Vector = ranks - (np.bincount(groups, ranks) / np.bincount(groups))[groups]
    return centred


def as_vector(values: ArrayLike, name: str) -> Vector:
    """One-dimensional float64 copy of ``values``, None as NaN; UsageError naming them if impossible."""
    try:
        vector = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: not a sequence of numbers ({error})") from error
    if vector.ndim != 1:
        raise UsageError(f"{name}: expected one dimension, got the shape {vector.shape}")
    return vector


def complete_pairs(x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """The pairs of which neither value is NaN."""
    if len(x) != len(y):
        raise UsageError(f"scores and targets differ in length: {len(x)} and {len(y)}")
    complete = ~(np.isnan(x) | np.isnan(y))
    return x[complete], y[complete]


def is_constant(values: Vector) -> bool:
    """Whether all values are equal, but for rounding."""
    return bool(np.allclose(values, values[0], rtol=1e-13, atol=0))


def _too_few(n: int) -> str:
    if n == 0:
        return "no pair has both a score and a target"
    return f"only {n} pair{'s' if n > 1 else ''}: a correlation needs {MIN_PAIRS}"
