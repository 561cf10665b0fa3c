"""Training the model that tells causes, and how well it tells those of photographs that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...evaluation.splits import k_fold
from .examples import NAMES, Examples
from .model import Array, CauseModel

FOLDS: Final = 8

#: What is tried.
SHRINKAGES: Final = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SHARPNESSES: Final = tuple(float(f"{value:.3g}") for value in np.geomspace(0.05, 0.8, 9))

#: From this level on distortions are plain to see.
PLAIN: Final = 3


@dataclass(frozen=True)
class Trial:
    """A choice, and how surprised it was by the true causes of photographs left out.

    Args:
        shrinkage: see :meth:`CauseModel.fit`
        sharpness: see :meth:`CauseModel.fit`
        loss: negative logarithm of the true cause's probability: mean over the causes of the means over pictures
    """

    shrinkage: float
    sharpness: float
    loss: float


def search(examples: Examples, *, seed: int = 0) -> list[Trial]:
    """Try all choices by cross-validation, each photograph in one fold with all that was made of it.

    Args:
        examples: of ``FOLDS`` photographs or more
        seed: of the folds

    Returns:
        the trials, the best first
    """
    folds = k_fold(list(examples.photographs), FOLDS, seed=seed)
    trials = []
    for shrinkage in SHRINKAGES:
        losses = np.zeros((len(SHARPNESSES), len(examples)))
        for fold in folds:
            test = examples[fold["test"]]
            for row, model in zip(losses, fit(examples[fold["training"]], shrinkage, SHARPNESSES), strict=True):
                given = model(test.statistics)[np.arange(len(test)), test.causes]
                row[fold["test"]] = -np.log(np.maximum(given, np.finfo(float).tiny))
        # Of every cause the mean, since there are more pictures of some.
        means = np.mean([losses[:, examples.causes == cause].mean(1) for cause in np.unique(examples.causes)], axis=0)
        trials += [Trial(shrinkage, *each) for each in zip(SHARPNESSES, map(float, means), strict=True)]
    return sorted(trials, key=lambda trial: trial.loss)


def fit(examples: Examples, shrinkage: float, sharpnesses: Sequence[float]) -> list[CauseModel]:
    """Train a model for each sharpness; see :meth:`CauseModel.fit`."""
    return CauseModel.fit(
        NAMES, examples.statistics, examples.causes, examples.levels, shrinkage=shrinkage, sharpnesses=sharpnesses
    )


def report(probabilities: Array, examples: Examples) -> dict[str, Any]:
    """How well causes are told; JSON-able.

    Args:
        probabilities: of each cause, (N, K)
        examples: the pictures, which the model has not seen
    """
    told = probabilities.argmax(1)
    # The likelier one comes last.
    best_two = np.argsort(probabilities, axis=1, kind="stable")[:, -2:]
    is_right = told == examples.causes
    plain = (examples.levels >= PLAIN) | (examples.levels == 0)
    confusion = _confusion(examples.causes[plain], told[plain])
    scores = f1_scores(confusion)
    return {
        "levels_3_to_5_and_undistorted": {
            "pictures": int(plain.sum()),
            "macro_f1": float(scores.mean()),
            "macro_f1_of_distortions": float(scores[1:].mean()),
            "accuracy": float(is_right[plain].mean()),
            "accuracy_of_first_two": float((best_two == examples.causes[:, None]).any(1)[plain].mean()),
            "mean_confidence": float(probabilities.max(1)[plain].mean()),
            "f1": dict(zip(NAMES, map(float, scores), strict=True)),
            "confusion": {name: _named(row) for name, row in zip(NAMES, confusion, strict=True)},
        },
        "accuracy_by_level": {
            str(level): float(is_right[examples.levels == level].mean()) for level in np.unique(examples.levels)
        },
        "mean_confidence": float(probabilities.max(1).mean()),
        "accuracy": float(is_right.mean()),
    }


def tally(kinds: Sequence[str], probabilities: Array) -> dict[str, Any]:
    """What is told of pictures of other kinds: of each kind how many pictures have which cause; JSON-able.

    Args:
        kinds: of the pictures, N
        probabilities: of each cause, (N, K)
    """
    told, of = probabilities.argmax(1), np.array(kinds)
    return {kind: _named(np.bincount(told[of == kind], minlength=len(NAMES))) for kind in dict.fromkeys(kinds)}


def f1_scores(confusion: NDArray[np.intp]) -> Array:
    """Harmonic mean of precision and recall of each of K causes, (K,); 0 where it is neither there nor told.

    Args:
        confusion: pictures by cause and by what is told, (K, K)
    """
    right, either = np.diag(confusion), confusion.sum(0) + confusion.sum(1)
    found: Array = np.divide(2 * right, either, out=np.zeros(len(confusion)), where=either > 0)
    return found


def _confusion(causes: NDArray[np.intp], told: NDArray[np.intp]) -> NDArray[np.intp]:
    counts = np.zeros((len(NAMES), len(NAMES)), np.intp)
    np.add.at(counts, (causes, told), 1)
    return counts


def _named(counts: NDArray[np.intp]) -> dict[str, int]:
    """The causes that any picture was told to have, the commonest first."""
    return {NAMES[at]: int(counts[at]) for at in np.argsort(-counts, kind="stable") if counts[at]}
