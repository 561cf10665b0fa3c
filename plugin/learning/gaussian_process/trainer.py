"""From labelled images with features to a model file with its card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..labels import LabelledImages
from ..learnt import remember
from .card import card
from .design import Recipe
from .features import FeatureNetwork
from .files import save
from .search import Trial
from .training import CrossValidation, Progress, Samples, train


def make(
    labelled: LabelledImages,
    samples: Samples,
    network: FeatureNetwork,
    out: Path,
    *,
    recipe: Recipe,
    trials: Sequence[Trial] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], CrossValidation]:
    """Train a model, cross-validate it, and write its file, its card and what it learnt from.

    Args:
        labelled: where the labels come from
        samples: features and opinions of the images that can be used
        network: what took the features
        out: ``OUT.safetensors``
        recipe: the choices
        trials: of the search for the recipe; empty where there was none
        seed: of folds and searches
        progress: told how many models are trained, and of how many

    Returns:
        the card, and what models said of images that they did not learn from

    Raises:
        UsageError: if there are too few labels, or all are of copies of one reference
        OutputError: if a file cannot be written
    """
    model, validation = train(samples, recipe, seed=seed, progress=progress)
    description = card(labelled.origin, samples, network.weights, model, validation, trials, seed=seed)
    save(model, out, description)
    remember(out, map(Path, labelled.paths))
    return description, validation
