"""A trained no-reference model: from pooled activations to quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from .nr_design import Design, Recipe
from .opinion import OpinionScale
from .regressors import GaussianProcess, Hyperparameters, Prediction, Term

Array = NDArray[np.float64]

#: Words for the fifths of the scale, as observers are given them (ITU-R BT.500-15, 5-grade scale).
GRADES: Final = ("bad", "poor", "fair", "good", "excellent")


def grade(score: float) -> str:
    """The word for a score of 0 to 100."""
    return GRADES[min(int(score // 20), len(GRADES) - 1)]


@dataclass(frozen=True)
class Quality:
    """What a model says of N images.

    Args:
        scores: 0 to 100, higher is better, (N,)
        deviations: standard deviation of the images' mean opinions about the scores, (N,)
        percentiles: share of the training images that score lower, 0 to 100, (N,)
    """

    scores: Array
    deviations: Array
    percentiles: Array


@dataclass
class QualityModel:
    """A linear function of D features, and a Gaussian process of K components of them on what that leaves.

    Their sum is the mean of one process that has linear and Matérn covariances. Its deviation is that of the Matérn
    part; ``spread`` makes up for what is uncertain of the linear one.

    Args:
        recipe: the choices that it was made by
        network_sha256: digest of the network's weights
        weights: of the features, (D,)
        bias: of the linear function
        axes: of the components, each on a scale of its own, (D, K)
        axis_scales: those scales, (K,)
        offset: what the components of the mean training image are, (K,)
        sizes: how many components each Matérn covariance is of
        hyperparameters: of the process
        examples: components of the training images, (N, K)
        residuals: what the linear function leaves of what is learnt for them, (N,)
        scale: opinions to what is learnt
        spread: what deviations are multiplied by
        quantiles: of the training images' scores, each predicted from the others, rising from the lowest to the
            highest in even steps
    """

    recipe: Recipe
    network_sha256: str
    weights: NDArray[np.float32]
    bias: float
    axes: NDArray[np.float16]
    axis_scales: Array
    offset: Array
    sizes: tuple[int, ...]
    hyperparameters: Hyperparameters
    examples: NDArray[np.float16]
    residuals: NDArray[np.float32]
    scale: OpinionScale
    spread: float
    quantiles: Array

    def __post_init__(self) -> None:
        self._axes = self.axes * self.axis_scales
        self._process = GaussianProcess([Term("matern", size) for size in self.sizes], self.hyperparameters).fit(
            self.examples, self.residuals
        )

    @classmethod
    def of(
        cls, design: Design, process: GaussianProcess, examples: Array, learnt: Array, scale: OpinionScale, **origin: Any
    ) -> Self:
        """Take a fitted process apart; the model is not calibrated yet.

        Args:
            design: features to the process's input
            process: what was fitted
            examples: its input for the training images
            learnt: its targets
            scale: opinions to what is learnt
            origin: ``recipe`` and ``network_sha256``
        """
        components = design.projection.shape[1]
        linear = process.linear_weights()
        weights = np.zeros(len(design.mean))
        weights[design.selection] = linear[components:] * design.gain
        weights /= design.deviation
        # Half precision holds every axis once each is on a scale of its own.
        projection = design.projection / design.deviation[:, None]
        axis_scales = np.abs(projection).max(0)
        axes = (projection / axis_scales).astype(np.float16)
        sizes = tuple(term.size for term in design.terms if term.kind == "matern")
        found = process.hyperparameters
        return cls(
            weights=weights.astype(np.float32),
            bias=float(-design.mean @ weights),
            axes=axes,
            axis_scales=axis_scales,
            offset=design.mean @ (axes * axis_scales),
            sizes=sizes,
            hyperparameters=Hyperparameters(found.variances[: len(sizes)], found.lengths, found.noise),
            examples=examples[:, :components].astype(np.float16),
            residuals=(learnt - examples @ linear).astype(np.float32),
            scale=scale,
            spread=1.0,
            quantiles=np.linspace(0, 100, 101),
            **origin,
        )

    def learnt(self, features: NDArray[Any]) -> Prediction:
        """What the process says of features (N, D), in its own unit."""
        values = features.astype(np.float64)
        curved = self._process.predict(values @ self._axes - self.offset)
        assert curved.std is not None
        return Prediction(values @ self.weights + self.bias + curved.mean, self.spread * curved.std)

    def __call__(self, features: NDArray[Any]) -> Quality:
        """Quality by features (N, D)."""
        prediction = self.learnt(features)
        scores, deviations = self.scale.to_opinion(prediction.mean, prediction.std)
        percentiles = np.interp(scores, self.quantiles, np.linspace(0, 100, len(self.quantiles)))
        return Quality(scores, deviations, percentiles)
