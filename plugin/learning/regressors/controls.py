"""Regressors to compare the Gaussian process with, from scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .base import Array, Prediction


class Control:
    """A scikit-learn regressor on standardised features; it knows no deviations.

    Args:
        estimator: with ``fit`` and ``predict``
    """

    def __init__(self, estimator: Any) -> None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._pipeline = make_pipeline(StandardScaler(), estimator)

    def fit(self, x: Array, y: Array) -> Self:
        """Learn from features (N, D) and targets (N,)."""
        self._pipeline.fit(x, y)
        return self

    def predict(self, x: Array) -> Prediction:
        """Predict from features (M, D)."""
        return Prediction(self._pipeline.predict(x))


def linear_svr() -> Control:
    """Support vectors with a linear kernel, as in the paper's tables 1 and 2."""
    from sklearn.svm import SVR

    return Control(SVR(kernel="linear", C=0.01))


def rbf_svr() -> Control:
    """Support vectors with a radial basis function."""
    from sklearn.svm import SVR

    return Control(SVR(kernel="rbf", C=2.0, epsilon=0.1))


def ridge() -> Control:
    """Linear regression whose penalty is chosen by leaving each example out."""
    from sklearn.linear_model import RidgeCV

    return Control(RidgeCV(np.logspace(0, 6, 25)))
