"""What is asked of a regressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """Predictions for N feature vectors.

    Args:
        mean: shape (N,)
        std: standard deviation of a new opinion score about the mean, shape (N,), where the regressor knows it
    """

    mean: Array
    std: Array | None = None


class Regressor(Protocol):
    """Learns a number from vectors."""

    def fit(self, x: Array, y: Array) -> Self:
        """Learn from features (N, D) and targets (N,)."""

    def predict(self, x: Array) -> Prediction:
        """Predict from features (M, D)."""
