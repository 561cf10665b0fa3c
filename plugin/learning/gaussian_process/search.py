"""The search for the no-reference model's recipe, by cross-validation on the training images alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ...errors import UsageError
from ...evaluation import correlate
from .design import Recipe
from .features import DEPTHWISE_STAGES, STAGES
from .training import Array, Samples, cross_validate, cross_validate_control

#: What is tried in place of each of the recipe's choices, in this order. What is better is kept.
ALTERNATIVES: Final[Mapping[str, Mapping[str, Any]]] = {
    "target": {"values": "values"},
    "pool": {"mean": "mean"},
    "mirrored": {"no": False},
    "linear": {"outputs": STAGES, "depthwise": DEPTHWISE_STAGES},
    "curved": {"none": ()},
    "components": {"16": 16},
    "whitening": {"0": 0.0},
}

#: Other regressors on the found recipe's features.
CONTROLS: Final = ("ridge", "svr-rbf")


@dataclass(frozen=True)
class Trial:
    """One thing that was tried.

    Args:
        choice: of the recipe, or ``regressor``
        value: in words
        srcc: cross-validated
        plcc: cross-validated, without a fit
        kept: whether the search went on with it
    """

    choice: str
    value: str
    srcc: float
    plcc: float
    kept: bool


def search(
    samples: Samples,
    start: Recipe,
    *,
    alternatives: Mapping[str, Mapping[str, Any]] = ALTERNATIVES,
    seed: int = 0,
    tell: Callable[[Trial], None] | None = None,
) -> tuple[Recipe, list[Trial]]:
    """Change one choice at a time, and keep what raises the rank correlation of cross-validated scores.

    The folds are the same for all trials. The best of a number of trials looks a little better than it is.

    Args:
        samples: features and opinions
        start: the recipe to begin with
        alternatives: what is tried in place of each choice, by words for it
        seed: of the folds
        tell: told each trial

    Returns:
        the best recipe, and all trials

    Raises:
        UsageError: if a correlation cannot be had
    """
    found: list[Trial] = []

    def note(choice: str, value: str, scores: Array, best: float) -> Trial:
        agreement = correlate(scores, samples.opinions)
        if agreement.srcc is None or agreement.plcc is None:
            raise UsageError(f"nothing can be searched: {agreement.reason}")
        found.append(Trial(choice, value, agreement.srcc, agreement.plcc, agreement.srcc > best))
        if tell:
            tell(found[-1])
        return found[-1]

    recipe = start
    best = note("start", "", cross_validate(samples, recipe, quick=True, seed=seed).scores, -1).srcc
    for choice, values in alternatives.items():
        for word, value in values.items():
            other = replace(recipe, **{choice: value})
            trial = note(choice, word, cross_validate(samples, other, quick=True, seed=seed).scores, best)
            if trial.kept:
                recipe, best = other, trial.srcc
    for name in CONTROLS:
        note("regressor", name, cross_validate_control(samples, recipe, name, seed=seed), 1)
    return recipe, found
