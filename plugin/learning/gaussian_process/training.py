"""Training and cross-validating the no-reference model on pooled activations and opinions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...evaluation.splits import k_fold
from ..folds import number_of_folds
from ..labels import LabelledImages, require_contrast
from ..opinion import OpinionScale
from ..regressors import GaussianProcess, Hyperparameters, create
from .design import Design, Recipe
from .extraction import Views
from .features import FeatureNetwork, columns
from .model import QualityModel

Array = NDArray[np.float64]
Progress = Callable[[int, int | None], None]

#: Up to this many different opinions, such as stars, are learnt as they are: shares of lower ones would be coarse
#: steps whose heights are those of the counts, and a score between two of them would go astray.
FEW_LEVELS: Final = 10

#: Half the width of a 95 % interval, in standard deviations.
REACH_95: Final = 1.959964


@dataclass(frozen=True)
class Samples:
    """Features and opinions of N images.

    Args:
        features: of each image and of its mirror image, means and deviations of every tap, (N, 2, D)
        sizes: how many features each tap has, in their order
        opinions: 0 to 100, higher is better, (N,)
        network_sha256: digest of the network's weights
        references: what each image was made from or shares with others, so that none is on both sides of a
            split; None by itself
    """

    features: NDArray[np.float32]
    sizes: Mapping[str, int]
    opinions: Array
    network_sha256: str
    references: tuple[str | None, ...]

    def __post_init__(self) -> None:
        require_contrast(self.opinions)

    @classmethod
    def of(cls, labelled: LabelledImages, views: Iterable[Views | None], network: FeatureNetwork) -> Self:
        """Join labels with their images' features.

        Args:
            labelled: the labels
            views: of each image, in order; None for those that cannot be used
            network: what took the features

        Raises:
            UsageError: if the labels of those that are left are all the same
        """
        found, sizes = list(views), network.sizes()
        usable = np.array([index for index, each in enumerate(found) if each is not None], dtype=np.intp)
        features = [each for each in found if each is not None]
        left = labelled[usable]
        return cls(
            np.stack(features) if features else np.zeros((0, 2, sum(sizes.values())), np.float32),
            sizes,
            left.opinions,
            network.weights.sha256,
            left.pictures,
        )

    def __len__(self) -> int:
        return len(self.opinions)

    def __getitem__(self, chosen: NDArray[np.intp]) -> Self:
        return replace(
            self,
            features=self.features[chosen],
            opinions=self.opinions[chosen],
            references=tuple(self.references[index] for index in chosen),
        )

    def by(self, recipe: Recipe) -> Self:
        """With the features of a recipe alone."""
        sizes = {tap: self.sizes[tap] for tap in recipe.taps}
        at = columns(self.sizes, recipe.taps)
        if recipe.pool == "mean":
            kept = np.concatenate([np.arange(size) < size // 2 for size in sizes.values()])
            sizes, at = {tap: size // 2 for tap, size in sizes.items()}, at[kept]
        return replace(self, features=self.features[:, :, at], sizes=sizes)

    def to_learn_from(self, recipe: Recipe) -> Array:
        """Features for training, (N, D)."""
        return np.asarray(self.features.mean(1) if recipe.mirrored else self.features[:, 0], dtype=np.float64)


def fit(
    samples: Samples, recipe: Recipe, hyperparameters: Hyperparameters | None = None, *, seed: int = 0
) -> QualityModel:
    """Train a model that is not calibrated yet.

    Args:
        samples: with the features of the recipe
        recipe: the choices
        hyperparameters: of the process; None to search for them
        seed: of that search
    """
    features = samples.to_learn_from(recipe)
    scale = _scale(samples, recipe)
    design = Design.fit(recipe, samples.sizes, features)
    examples, learnt = design.transform(features), scale.to_learnt(samples.opinions)
    process = GaussianProcess(design.groups, hyperparameters, seed=seed).fit(examples, learnt)
    origin = {"recipe": recipe, "network_sha256": samples.network_sha256, "sizes": samples.sizes}
    return QualityModel.of(design, process, examples, learnt, scale, **origin)


@dataclass(frozen=True)
class CrossValidation:
    """What models say of images that they did not learn from.

    Args:
        scores: 0 to 100, (N,)
        deviations: of mean opinions about the scores, (N,)
        spread: what the models' own deviations had to be multiplied by
        coverage: share of the opinions within 1.96 deviations of the score
    """

    scores: Array
    deviations: Array
    spread: float
    coverage: float

    def rmse(self, opinions: Array) -> float:
        """Root mean square of what the scores miss the opinions by."""
        return float(np.sqrt(np.mean((self.scores - opinions) ** 2)))


def cross_validate(
    samples: Samples, recipe: Recipe, *, quick: bool = False, seed: int = 0, progress: Progress | None = None
) -> CrossValidation:
    """Predict each fold's images by a model of the others, everything fitted anew: axes, scale, hyperparameters.

    Args:
        samples: features and opinions
        recipe: the choices
        quick: take the first fold's hyperparameters for all; they are four numbers that most of the time goes into
        seed: of the folds and the searches
        progress: told how many folds are done, and of how many

    Raises:
        UsageError: if there are too few labels, or all are of copies of one reference
    """
    samples = samples.by(recipe)
    mean, std, error = (np.empty(len(samples)) for _ in range(3))
    scales: list[tuple[NDArray[np.intp], OpinionScale]] = []
    hyperparameters: Hyperparameters | None = None
    folds = number_of_folds(samples.references)
    for done, fold in enumerate(k_fold(samples.references, folds, seed=seed), start=1):
        held_out = fold["test"]
        model = fit(samples[fold["training"]], recipe, hyperparameters, seed=seed)
        hyperparameters = model.hyperparameters if quick else None
        mean[held_out], std[held_out] = model.learnt(samples.features[held_out, 0])
        error[held_out] = model.scale.to_learnt(samples.opinions[held_out]) - mean[held_out]
        scales.append((held_out, model.scale))
        if progress:
            progress(done, folds)

    spread = float(np.sqrt(np.mean((error / std) ** 2)))
    scores, deviations = np.empty(len(samples)), np.empty(len(samples))
    for held_out, scale in scales:
        scores[held_out], deviations[held_out] = scale.to_opinion(mean[held_out], spread * std[held_out])
    inside = np.abs(samples.opinions - scores) <= REACH_95 * deviations
    return CrossValidation(scores, deviations, spread, float(inside.mean()))


def train(
    samples: Samples, recipe: Recipe, *, seed: int = 0, progress: Progress | None = None
) -> tuple[QualityModel, CrossValidation]:
    """Train a model on all images, calibrated by cross-validation.

    Args:
        samples: features and opinions
        recipe: the choices
        seed: of the folds and the searches
        progress: told how many models are trained, and of how many

    Raises:
        UsageError: if there are too few labels, all are of copies of one reference, or the scores of images that were
            not learnt from miss the opinions by no less than their mean does
    """
    report, steps = progress or (lambda done, total: None), number_of_folds(samples.references) + 1
    validation = cross_validate(samples, recipe, seed=seed, progress=lambda done, total: report(done, steps))
    missed, missed_by_mean = validation.rmse(samples.opinions), float(samples.opinions.std())
    if missed >= missed_by_mean:
        raise UsageError(
            f"no model: in cross-validation its scores miss the {len(samples):,} labels by {missed:.1f} of 100 "
            f"(RMSE), no less than the labels' mean does ({missed_by_mean:.1f}); label more images, or "
            "check the labels"
        )
    model = fit(samples.by(recipe), recipe, seed=seed)
    report(steps, steps)
    quantiles = np.quantile(validation.scores, np.linspace(0, 1, 101))
    return replace(model, spread=validation.spread, quantiles=quantiles), validation


def cross_validate_control(samples: Samples, recipe: Recipe, regressor: str, *, seed: int = 0) -> Array:
    """Scores of images by other regressors on the same features, each fold's by one trained on the others, (N,).

    Args:
        samples: features and opinions
        recipe: whose features and scale are used
        regressor: its name
        seed: of the folds
    """
    samples = samples.by(recipe)
    scores = np.empty(len(samples))
    for fold in k_fold(samples.references, number_of_folds(samples.references), seed=seed):
        training, held_out = samples[fold["training"]], fold["test"]
        scale = _scale(training, recipe)
        found = create(regressor).fit(training.to_learn_from(recipe), scale.to_learnt(training.opinions))
        predicted = found.predict(samples.features[held_out, 0].astype(np.float64)).mean
        scores[held_out] = scale.to_opinion(predicted, np.zeros(len(predicted)))[0]
    return scores


def _scale(samples: Samples, recipe: Recipe) -> OpinionScale:
    by_rank = recipe.target == "ranks" and len(np.unique(samples.opinions)) > FEW_LEVELS
    return (OpinionScale.by_rank if by_rank else OpinionScale.by_value)(samples.opinions)
