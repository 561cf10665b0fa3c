"""The bootstrap of paired values: whole clusters are drawn with replacement, all the items of each.

A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application", Cambridge, 1997, section 3.8
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..errors import UsageError
from .labels import Indices
from .resampled import Statistic, Times

CONFIDENCE = 0.95
MIN_CLUSTERS = 4
MIN_PAIRS = 8
MIN_RESAMPLES = 100

# Items times resamples at once: the working set then stays in the processor's cache.
_BLOCK = 1 << 18

# Share of the resamples in which a statistic may be undefined, as where all items drawn are the same.
_MOST_UNDEFINED = 0.05


@dataclass(frozen=True)
class Bootstrap:
    """How items came about, and how to draw them again.

    Attributes:
        clusters: number of each item's cluster, from 0
        n_clusters: how many clusters there are
        resamples: how many to draw
        seed: of the draws
    """

    clusters: Indices
    n_clusters: int
    resamples: int
    seed: int

    @classmethod
    def of(cls, clusters: Indices, resamples: int, seed: int) -> Self:
        """Of items by any numbers of their clusters.

        Raises:
            UsageError: there are too few resamples to tell a standard error by
        """
        if resamples < MIN_RESAMPLES:
            raise UsageError(f"{resamples} resamples are too few; take {MIN_RESAMPLES} or more, such as 1000")
        numbers, clusters = np.unique(clusters, return_inverse=True)
        return cls(clusters, len(numbers), resamples, seed)

    @property
    def obstacle(self) -> str | None:
        """Why nothing can be said of the sampling error; None where it can."""
        n = len(self.clusters)
        if n < MIN_PAIRS:
            return f"an interval needs {MIN_PAIRS} pairs, not {n}"
        if self.n_clusters < MIN_CLUSTERS:
            return f"an interval needs {MIN_CLUSTERS} clusters, not {self.n_clusters}"
        return None

    def replicate(self, statistic: Statistic) -> NDArray[np.float64]:
        """Values of a statistic in every resample, (resamples,) or (resamples, M); the same for the same seed."""
        return np.concatenate([statistic(times) for times in self._draws()])

    def _draws(self) -> Iterator[Times]:
        rng = np.random.default_rng(self.seed)
        most = max(1, _BLOCK // len(self.clusters))
        for start in range(0, self.resamples, most):
            k = min(most, self.resamples - start)
            drawn = rng.integers(self.n_clusters, size=(k, self.n_clusters)) * k + np.arange(k)[:, None]
            times = np.bincount(drawn.ravel(), minlength=self.n_clusters * k).reshape(self.n_clusters, k)
            yield times.astype(np.float64)

    def standard_error(self, replicates: NDArray[np.float64]) -> float | None:
        """Standard error of a statistic by its values in the resamples; None where too many have none.

        Draws of n clusters vary about these n clusters' own mean: n / (n - 1) makes up for it.
        """
        defined = replicates[np.isfinite(replicates)]
        if len(defined) < (1 - _MOST_UNDEFINED) * len(replicates):
            return None
        return float(np.std(defined, ddof=1) * np.sqrt(self.n_clusters / (self.n_clusters - 1)))

    @property
    def reach(self) -> float:
        """How many standard errors a 95 % interval goes to either side: Student's quantile."""
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.n_clusters - 1))
