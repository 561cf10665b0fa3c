"""The model card of a no-reference model: what it was made from, how, and how well it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from ...evaluation import evaluate
from ...metrics.models import GRADES
from ...weights import Weights
from ..folds import number_of_folds
from ..results import better_than_mean
from .features import LONGEST, SHORTEST
from .model import QualityModel
from .search import Trial
from .training import CrossValidation, Samples

RESAMPLES = 1000


def card(
    data: Mapping[str, Any],
    samples: Samples,
    network: Weights,
    model: QualityModel,
    validation: CrossValidation,
    trials: Sequence[Trial],
    *,
    seed: int,
) -> dict[str, Any]:
    """Everything that a user of the model should know; JSON-able.

    Args:
        data: where the images and opinions come from, and their terms
        samples: features and opinions of the training images
        network: its weights
        model: what was trained
        validation: its cross-validation
        trials: of the search for its recipe; empty where there was none
        seed: of folds and searches
    """
    return {
        "model": "no-reference image quality: EfficientNet-Lite0 activations, Gaussian process regression",
        "data": {**data, "images": len(samples)},
        "network": network.describe(),
        "recipe": model.recipe.to_dict(),
        "hyperparameters": asdict(model.hyperparameters),
        "input": f"8-bit RGB as it is; shorter side enlarged to {SHORTEST} pixels, longer reduced to {LONGEST}",
        "output": {
            "score": "0 to 100, higher is better: the data's opinion scale from its worst to its best end",
            "deviation": "standard deviation of an image's mean opinion about its score",
            "percentile": "share of the training images, each scored by a model of the others, that score lower",
            "grades": {word: [20 * index, 20 * index + 20] for index, word in enumerate(GRADES)},
        },
        "results": {
            "protocol": f"{number_of_folds(samples.references)}-fold cross-validation by reference, everything "
            "fitted on the other folds anew; the recipe is the same in all folds"
            + (", and was found on the same folds: see search" if trials else ""),
            **_agreement(samples, validation, seed),
            "coverage_of_95_percent_intervals": validation.coverage,
            "spread": validation.spread,
        },
        "search": [asdict(trial) for trial in trials],
        "seed": seed,
        "versions": {package: version(package) for package in ("torch", "scikit-learn", "scipy", "numpy", "pillow")},
        "licence": "Apache-2.0 for this file; the training images keep their own terms and are not in it",
    }


def _agreement(samples: Samples, validation: CrossValidation, seed: int) -> dict[str, Any]:
    """Statistics of the held-out scores, with 95 % intervals."""
    row = evaluate(
        {"nr": validation.scores},
        samples.opinions,
        lower_is_better={"nr": False},
        clusters=samples.references,
        resamples=RESAMPLES,
        seed=seed,
    ).rows[0]
    names = ("srcc", "krcc", "plcc", "rmse")
    missed, missed_by_mean = validation.rmse(samples.opinions), float(samples.opinions.std())
    return {
        "in_words": better_than_mean(missed, missed_by_mean),
        "labels": len(samples),
        "rmse_of_mean": missed_by_mean,
        **{name: getattr(row, name) for name in names},
        "plcc_without_fit": row.plcc_raw,
        "rmse_without_fit": row.rmse_raw,
        "intervals_95": {name: list(interval) for name, interval in row.intervals.items()},
    }
