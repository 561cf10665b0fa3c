"""Linear support vector regression on features too many to hold in memory: all that it needs are their products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import KernelCenterer
from sklearn.svm import SVR

from ...evaluation.splits import Split, k_fold
from .data import Indices, Vector

#: Tried for the penalty of errors, where the products of the training vectors have mean 1.
PENALTIES: Final = (0.1, 1.0, 10.0, 100.0)

#: MATLAB's for targets of standard deviation 1, as scikit-learn's.
EPSILON: Final = 0.1

_FOLDS: Final = 3
_COLUMNS: Final = 8192


def products(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inner products (N, N) of feature vectors (N, D), which may be mapped from a file."""
    total = np.zeros((len(features),) * 2)
    for start in range(0, features.shape[1], _COLUMNS):
        part = features[:, start : start + _COLUMNS].astype(np.float64)
        total += part @ part.T
    return total


def out_of_fold(
    kernel: NDArray[np.float64], learnt: Vector, references: Sequence[object], folds: Sequence[Split]
) -> Vector:
    """Predictions for the test part of each fold by what was learnt from its training part; NaN for images in none.

    Args:
        kernel: products of N vectors, (N, N)
        learnt: standardised targets, (N,)
        references: the reference of each image, for the choice of the penalty within the training part
        folds: splits into "training" and "test"
    """
    predictions = np.full(len(learnt), np.nan)
    for fold in folds:
        training, test = fold["training"], fold["test"]
        predictions[test] = _predict(kernel, learnt, [references[index] for index in training], training, test)
    return predictions


def _predict(
    kernel: NDArray[np.float64], learnt: Vector, references: Sequence[object], training: Indices, test: Indices
) -> Vector:
    centred = KernelCenterer().fit(kernel[np.ix_(training, training)])
    within = centred.transform(kernel[np.ix_(training, training)])
    across = centred.transform(kernel[np.ix_(test, training)])
    scale = np.trace(within) / len(training)
    known = len({*references})
    inner = k_fold(references, min(_FOLDS, known)) if known > 1 else k_fold([None] * len(training), _FOLDS)
    search = GridSearchCV(
        SVR(kernel="precomputed", epsilon=EPSILON),
        {"C": PENALTIES},
        scoring="neg_mean_squared_error",
        cv=[(split["training"], split["test"]) for split in inner],
    )
    predictions: Vector = search.fit(within / scale, learnt[training]).predict(across / scale)
    return predictions
