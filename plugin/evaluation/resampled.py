"""Statistics of paired values in many resamples at once, each told by how often it has each cluster.

No value is copied or sorted again, so that all resamples together cost a few passes over the items.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .correlation import Vector
from .labels import Indices

Times = NDArray[np.float64]
"""How often each of C clusters is in each of k resamples, (C, k)."""

Statistic = Callable[[Times], NDArray[np.float64]]
"""Values of a statistic in k resamples, (k,), or of M statistics, (k, M)."""

_ROUNDING = 1e-12


def resampled_srccs(scores: Sequence[Vector], target: Vector, clusters: Indices) -> Statistic:
    """Spearman's coefficient of each score with the target, (k, M); NaN where a side is constant.

    Args:
        scores: M vectors of N values
        target: N values
        clusters: number of each item's cluster, from 0
    """
    rank_target, rank_scores = _Ranks(target), [_Ranks(score) for score in scores]

    def statistic(times: Times) -> NDArray[np.float64]:
        weights = times.take(clusters, axis=0)
        ranks, target_spread = rank_target(weights)
        ranks *= weights
        columns = []
        for rank_score in rank_scores:
            score_ranks, spread = rank_score(weights)
            with np.errstate(invalid="ignore"):
                columns.append(np.einsum("nk,nk->k", score_ranks, ranks) / np.sqrt(spread * target_spread))
        return np.column_stack(columns)

    return statistic


class _Ranks:
    """Mid-ranks of values under weights; the values are sorted once."""

    def __init__(self, values: Vector) -> None:
        _, self._inverse = np.unique(values, return_inverse=True)
        self._order = np.argsort(self._inverse, kind="stable")
        self._starts = np.flatnonzero(np.diff(self._inverse[self._order], prepend=-1))

    def __call__(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ranks less their mean, (N, k), and the sum of their weighted squares, (k,)."""
        tied = weights.take(self._order, axis=0)
        if len(self._starts) < len(tied):
            tied = np.add.reduceat(tied, self._starts, axis=0)
        ranks = np.cumsum(tied, axis=0)
        mean = ranks[-1] / 2
        tied /= 2
        ranks -= tied
        ranks -= mean
        return ranks.take(self._inverse, axis=0), 2 * np.einsum("nk,nk,nk->k", tied, ranks, ranks)


def resampled_plcc(x: Vector, y: Vector, clusters: Indices) -> Statistic:
    """Pearson's coefficient, (k,); NaN where a side is constant.

    Args:
        x: N values
        y: N values
        clusters: number of each item's cluster, from 0
    """
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    totals = _totals([np.ones_like(x), x, y, x * x, y * y, x * y], clusters)

    def statistic(times: Times) -> NDArray[np.float64]:
        n, sx, sy, sxx, syy, sxy = totals(times)
        spread_x, spread_y = n * sxx - sx**2, n * syy - sy**2
        varied = (spread_x > _ROUNDING * n * sxx) & (spread_y > _ROUNDING * n * syy)
        plcc: NDArray[np.float64] = np.full_like(n, np.nan)
        np.divide(n * sxy - sx * sy, np.sqrt(np.where(varied, spread_x * spread_y, 1)), out=plcc, where=varied)
        return plcc

    return statistic


def _totals(products: Sequence[Vector], clusters: Indices) -> Statistic:
    """Sums of each of P products over the items of k resamples, (P, k)."""
    by_cluster = np.stack([np.bincount(clusters, weights=product) for product in products])

    def totals(times: Times) -> NDArray[np.float64]:
        # Not by_cluster @ times: on a busy machine BLAS's threads wait a hundred times longer for each other.
        sums: NDArray[np.float64] = np.einsum("pc,ck->pk", by_cluster, times)
        return sums

    return totals
