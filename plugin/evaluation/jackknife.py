"""The jackknife of a fitted curve's error: each cluster in turn is left out, and the curve fitted to the others.

B. Efron, C. Stein, "The jackknife estimate of variance", Annals of Statistics 9(3), 1981
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .correlation import Vector
from .labels import Indices

# A refit may follow one cluster's items without bound where no other's tell a parameter. The step is damped, as
# Levenberg's and Marquardt's are, and parameters that change the curve alike, but for this share, move together.
_DAMPING = 0.1
_ALIKE = 1e-3

# What a cluster takes along of the mean square when it is left out: no more than all but this share.
_LEAST = 0.25


def log_rmse(residuals: Vector, tangent: Vector, clusters: Indices) -> tuple[float, float]:
    """Logarithm of the RMSE about the best curve for all that the items were drawn from, and its standard error.

    Args:
        residuals: of the curve fitted to the items, (N,), not all zero
        tangent: how its prediction for each item changes with its p parameters, (N, p)
        clusters: number of each item's cluster, from 0, every number up to the last in use
    """
    square = float(np.mean(residuals**2))
    left = np.maximum(left_out(residuals, tangent, clusters), _LEAST * square)
    n = len(left)
    # The fit to the items at hand lies below the best curve by as much as it lies below the fits to fewer of them.
    centre = math.log(max(square, n * square - (n - 1) * float(np.mean(left)))) / 2
    return centre, math.sqrt((n - 1) ** 2 / n) * float(np.std(np.log(left) / 2, ddof=1))


def left_out(residuals: Vector, tangent: Vector, clusters: Indices) -> NDArray[np.float64]:
    """Mean square about the curve that is fitted without each of C clusters, over the items it is fitted to, (C,).

    One Gauss-Newton step from the curve of the whole stands in for the fit; for a straight line it is the fit, but
    for the damping. Where a constraint holds the curve back, so that a step would gain without a cluster left out, it
    still does.

    Args:
        residuals: of the curve fitted to the whole, (N,)
        tangent: how its prediction for each item changes with its p parameters, (N, p)
        clusters: number of each item's cluster, from 0
    """
    length = np.linalg.norm(tangent, axis=0)
    left, spread, _ = np.linalg.svd(tangent / np.where(length > 0, length, 1), full_matrices=False)
    basis = left[:, spread > _ALIKE * spread[0]].T
    n, p = len(residuals), len(basis)

    def totals(products: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        return np.stack([np.bincount(clusters, weights=product) for product in products], axis=1)

    sizes = np.bincount(clusters)
    (squares,) = totals(residuals[None] ** 2).T
    pull = totals(basis * residuals)
    pull -= pull.sum(axis=0) * sizes[:, None] / n
    weight = totals((basis[:, None] * basis).reshape(p * p, n)).reshape(-1, p, p)
    step = np.linalg.solve((1 + _DAMPING) * np.eye(p) - weight, pull[..., None])[..., 0]
    gained = np.sum(pull * step, axis=1)
    kept: NDArray[np.float64] = np.maximum(0, squares.sum() - squares - gained) / (n - sizes)
    return kept
