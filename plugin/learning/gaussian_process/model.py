"""A trained no-reference model: from pooled activations to quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ...metrics.models import DOMAINS
from ..opinion import OpinionScale
from ..regressors import GaussianProcess, Groups, Hyperparameters
from .design import Design, Recipe
from .features import columns

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """What a model says of N images.

    Args:
        scores: 0 to 100, higher is better, (N,)
        deviations: standard deviation of the images' mean opinions about the scores, (N,)
        percentiles: share of the training images that score lower, 0 to 100, (N,)
        domains: how near the images are to the training images, of ``DOMAINS``, N; None where it is not known
    """

    scores: Array
    deviations: Array
    percentiles: Array
    domains: tuple[str, ...] | None = None


class LinearAndCurved(Protocol):
    """A fitted process of linear and Matérn terms."""

    @property
    def hyperparameters(self) -> Hyperparameters:
        """Of its covariance."""

    def linear_weights(self) -> Array:
        """What the linear term adds to the mean for one unit of each of its features."""


@dataclass
class QualityModel:
    """A linear function of D features, and a Gaussian process of K components of them on what that leaves.

    Their sum is the mean of one process that has linear and Matérn terms. Its deviation is that of the Matérn terms;
    ``spread`` makes up for what is uncertain of the linear one.

    Args:
        recipe: the choices that it was made by
        network_sha256: digest of the network's weights
        sizes: how many features each tap has, in their order
        weights: of the features, (D,)
        bias: of the linear function
        axes: of each curved group, (d, k), every axis on a scale of its own
        axis_scales: the axes' scales, (K,)
        offset: the components of the mean training image, (K,)
        hyperparameters: of the process
        examples: components of the training images, (N, K)
        residuals: what the linear function leaves of what is learnt for them, (N,)
        scale: opinions to what is learnt
        spread: what deviations are multiplied by
        quantiles: of the training images' scores, each by a model of the others, rising in even steps from the lowest
            to the highest
        limits: deviations that few new pictures of the training images' kinds exceed, and very few; None if unknown

    Attributes:
        process: that of the Matérn terms, conditioned on the training images
    """

    recipe: Recipe
    network_sha256: str
    sizes: Mapping[str, int]
    weights: NDArray[np.float32]
    bias: float
    axes: tuple[NDArray[np.float16], ...]
    axis_scales: Array
    offset: Array
    hyperparameters: Hyperparameters
    examples: NDArray[np.float16]
    residuals: NDArray[np.float32]
    scale: OpinionScale
    spread: float = 1.0
    quantiles: Array = field(default_factory=lambda: np.linspace(0, 100, 101))
    limits: Array | None = None

    def __post_init__(self) -> None:
        self._places = [columns(self.sizes, group) for group in self.recipe.curved]
        self._axes = [torch.from_numpy(axes.astype(np.float64)) for axes in self.axes]
        self._weights = torch.from_numpy(self.weights.astype(np.float64))
        groups = Groups(tuple(axes.shape[1] for axes in self.axes))
        self.process = GaussianProcess(groups, self.hyperparameters).fit(self.examples, self.residuals)

    @classmethod
    def of(
        cls,
        design: Design,
        process: LinearAndCurved,
        examples: Array,
        learnt: Array,
        scale: OpinionScale,
        **origin: Any,
    ) -> Self:
        """Take a fitted process apart; the model is not calibrated yet.

        Args:
            design: features to the process's input
            process: what was fitted
            examples: its input for the training images
            learnt: its targets
            scale: opinions to what is learnt
            origin: ``recipe``, ``network_sha256`` and ``sizes``
        """
        linear = process.linear_weights()
        weights = np.zeros(len(design.mean))
        weights[design.selection] = linear * design.gain
        weights /= design.deviation
        # Half precision holds every axis once each is on a scale of its own.
        scaled = [axes / design.deviation[at, None] for at, axes in design.axes]
        scales = [np.abs(axes).max(0) for axes in scaled]
        axes = tuple((each / scale).astype(np.float16) for each, scale in zip(scaled, scales, strict=True))
        offsets = [design.mean[at] @ each.astype(np.float64) for (at, _), each in zip(design.axes, axes, strict=True)]
        axis_scales = np.concatenate([np.zeros(0), *scales])
        components = len(axis_scales)
        return cls(
            weights=weights.astype(np.float32),
            bias=float(-design.mean @ weights),
            axes=axes,
            axis_scales=axis_scales,
            offset=np.concatenate([np.zeros(0), *offsets]) * axis_scales,
            hyperparameters=process.hyperparameters,
            examples=examples[:, :components].astype(np.float16),
            residuals=(learnt - examples[:, components:] @ linear).astype(np.float32),
            scale=scale,
            **origin,
        )

    def learnt(self, features: NDArray[Any]) -> tuple[Array, Array]:
        """Mean and standard deviation of what was learnt, in its own unit, by features (N, D)."""
        # By PyTorch, which keeps to the thread that it is called in; NumPy would have all cores wait for each other.
        values = torch.from_numpy(features.astype(np.float64))
        parts = [values[:, at] @ axes for at, axes in zip(self._places, self._axes, strict=True)]
        components = torch.cat([values[:, :0], *parts], dim=1).numpy() * self.axis_scales - self.offset
        mean, std = self.process.moments(components)
        return (values @ self._weights).numpy() + self.bias + mean, self.spread * std

    def __call__(self, features: NDArray[Any]) -> Quality:
        """Quality by features (N, D)."""
        mean, std = self.learnt(features)
        scores, deviations = self.scale.to_opinion(mean, std)
        percentiles = np.interp(scores, self.quantiles, np.linspace(0, 100, len(self.quantiles)))
        domains = None if self.limits is None else tuple(DOMAINS[at] for at in np.searchsorted(self.limits, std))
        return Quality(scores, deviations, percentiles, domains)
