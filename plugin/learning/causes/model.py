"""Statistics of pixels to the probabilities of distortions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ...metrics.causes import Cause

Array = NDArray[np.float64]

UNDISTORTED: Final = 0.25
"""Share of pictures that nothing has happened to, before any is seen."""


@dataclass(frozen=True)
class CauseModel:
    """Linear discriminants of each distortion at each of its levels; a distortion has what its levels have together.

    Args:
        names: the distortions in words, K
        places: place in ``names`` of each discriminant, (M,)
        weights: (D, M)
        bias: (M,)
    """

    names: tuple[str, ...]
    places: NDArray[np.intp]
    weights: NDArray[np.float32]
    bias: Array

    @classmethod
    def fit(
        cls,
        names: tuple[str, ...],
        statistics: NDArray[Any],
        causes: NDArray[np.intp],
        levels: NDArray[np.intp],
        *,
        shrinkage: float,
        sharpnesses: Sequence[float] = (1.0,),
    ) -> list[Self]:
        """Fit to examples, a model for each sharpness.

        Before a picture is seen, all distortions are as likely, and so are all levels of each.

        Args:
            names: the distortions in words, ``NONE`` first
            statistics: of the pixels, (N, D)
            causes: place in ``names``, (N,)
            levels: of the distortion, (N,)
            shrinkage: from 0, the covariance within levels is what is found, to 1, statistics are independent
            sharpnesses: what the discriminants are multiplied by, so that a model is as sure as it is right
        """
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        (places, _), classes = np.unique(np.stack([causes, levels]), axis=1, return_inverse=True)
        priors = (
            np.where(places == 0, UNDISTORTED, (1 - UNDISTORTED) / (len(names) - 1)) / np.bincount(places)[places]
        )
        mean, deviation = statistics.mean(0, dtype=np.float64), statistics.std(0, dtype=np.float64)
        deviation = np.where(deviation > 1e-6, deviation, np.inf)
        alike = np.full(len(places), 1 / len(places))
        found = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=alike)
        found.fit((statistics - mean) / deviation, classes)
        weights = found.coef_.T / deviation[:, None]
        bias = found.intercept_ - mean @ weights
        return [
            cls(names, places, (sharpness * weights).astype(np.float32), sharpness * bias + np.log(priors))
            for sharpness in sharpnesses
        ]

    def __call__(self, statistics: NDArray[Any]) -> Array:
        """The probability of each distortion, (N, K), by statistics of the pixels (N, D)."""
        logits = statistics.astype(np.float64) @ self.weights + self.bias
        odds = np.exp(logits - logits.max(1, keepdims=True))
        odds /= odds.sum(1, keepdims=True)
        found: Array = odds @ (self.places[:, None] == np.arange(len(self.names)))
        return found

    def causes(self, statistics: NDArray[Any]) -> list[tuple[Cause, ...]]:
        """All distortions of each of N pictures by the statistics of their pixels (N, D), the likeliest first."""
        # Each by itself, so that a batch changes nothing.
        rows = (self(each[None])[0] for each in statistics)
        return [
            tuple(Cause(self.names[at], float(row[at])) for at in np.argsort(-row, kind="stable")) for row in rows
        ]
