"""The standard error of Kendall's tau-b, clusters and ties included, in O(n log n)."""

import numpy as np
from numpy.typing import NDArray

from .correlation import Vector
from .labels import Indices


def krcc_error(x: Vector, y: Vector, clusters: Indices, n_clusters: int) -> float:
    """Standard error of tau-b by the infinitesimal jackknife over clusters.

    tau-b is a function of the items' weights; its derivative by an item's weight is that item's influence, and the
    sum over a cluster the cluster's. (L. A. Jaeckel, "The infinitesimal jackknife", Bell Laboratories, 1972;
    B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", SIAM, 1982, section 6.)

    Args:
        x: N values, not all equal
        y: N values, not all equal
        clusters: number of each item's cluster, from 0
        n_clusters: how many clusters there are, at least two
    """
    agreement = _below(x, y) + _below(-x, -y) - _below(x, -y) - _below(-x, y)
    untied_x, untied_y = _untied(x), _untied(y)
    scale = np.sqrt(untied_x.sum() * untied_y.sum())
    tau = agreement.sum() / scale
    influence = 2 * agreement / scale - tau * (untied_x / untied_x.sum() + untied_y / untied_y.sum())
    by_cluster = np.bincount(clusters, weights=influence, minlength=n_clusters)
    return float(np.sqrt(n_clusters / (n_clusters - 1) * np.sum(by_cluster**2)))


def _untied(values: Vector) -> NDArray[np.float64]:
    """For each item, how many others have another value."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (len(values) - counts[inverse]).astype(np.float64)


def _below(x: Vector, y: Vector) -> NDArray[np.float64]:
    """For each item, how many others are less in both x and y.

    In the order of x (equal ones by falling y, so that none counts for another) each item has to count the lesser y
    before it. Blocks of doubling length are merged in the order of y: each item of a right half counts those of the
    left half that are less. Every item that stands before another is in the left half of exactly one such pair.
    """
    order = np.lexsort((-y, x))
    position = np.arange(len(x))
    by_y = np.lexsort((-position, y[order]))  # of equal ones the last first: it counts none of the others
    count = np.zeros(len(x))
    for level in range((len(x) - 1).bit_length()):
        merged = by_y[np.argsort(by_y >> (level + 1), kind="stable")]
        is_left = (merged >> level) % 2 == 0
        seen = np.concatenate([[0], np.cumsum(is_left)])
        in_right = np.flatnonzero(~is_left)
        start_of_block = merged[in_right] >> (level + 1) << (level + 1)
        count[merged[in_right]] += seen[in_right] - seen[start_of_block]
    result = np.empty(len(x))
    result[order] = count
    return result
