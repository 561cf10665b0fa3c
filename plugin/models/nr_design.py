"""From pooled activations to what the no-reference model's Gaussian process is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .nr_features import DEPTHWISE_STAGES, STAGES, columns
from .regressors import Term

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """The choices that make a no-reference model.

    Args:
        linear: groups of taps whose features act in proportion, each with a linear covariance of its own
        curved: groups of taps that also act through principal components, each with a Matérn covariance
        pool: how activations are pooled
        components: principal components of each curved group
        whitening: from 0, components keep their variances, to 1, all have the same
        mirrored: learn from the mean of each training image's features and its mirror image's
        target: ``ranks`` or ``values`` of the opinions
    """

    linear: tuple[tuple[str, ...], ...] = STAGES + DEPTHWISE_STAGES
    curved: tuple[tuple[str, ...], ...] = STAGES
    pool: str = "mean+std"
    components: int = 32
    whitening: float = 0.5
    mirrored: bool = True
    target: str = "ranks"

    @property
    def taps(self) -> tuple[str, ...]:
        """All that are needed, in the order of the features."""
        return tuple(dict.fromkeys(tap for group in (*self.linear, *self.curved) for tap in group))

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The reverse of :meth:`to_dict`."""
        groups = {key: tuple(tuple(group) for group in values[key]) for key in ("linear", "curved")}
        return cls(**{**values, **groups})


@dataclass(frozen=True)
class Design:
    """Affine maps of features (N, D), fitted to a training set.

    Args:
        terms: of the process: one of each curved group, then one of each linear group
        mean: of each feature, (D,)
        projection: from standardised features to the components of all curved groups, (D, K)
        selection: which standardised features the linear groups take, in order
        gain: what each of those is multiplied by
        deviation: of each feature, (D,); 1 for those that do not vary
    """

    terms: tuple[Term, ...]
    mean: Array
    deviation: Array
    projection: Array
    selection: NDArray[np.intp]
    gain: Array

    @classmethod
    def fit(cls, recipe: Recipe, sizes: Mapping[str, int], features: Array) -> Self:
        """Fit to training features.

        Args:
            recipe: the groups
            sizes: how many features each tap has, in the features' order
            features: (N, D)
        """
        mean, deviation = features.mean(0), features.std(0)
        deviation = np.where(deviation > 1e-6, deviation, np.inf)
        standardised = (features - mean) / deviation

        terms, projections = [], []
        for group in recipe.curved:
            at = columns(sizes, group)
            axes = _principal_axes(standardised[:, at], recipe.components, recipe.whitening)
            placed = np.zeros((features.shape[1], axes.shape[1]))
            placed[at] = axes
            projections.append(placed)
            terms.append(Term("matern", axes.shape[1]))
        selections = [columns(sizes, group) for group in recipe.linear]
        terms += [Term("linear", len(at)) for at in selections]
        return cls(
            tuple(terms),
            mean,
            deviation,
            np.concatenate(projections, axis=1) if projections else np.zeros((features.shape[1], 0)),
            np.concatenate(selections) if selections else np.zeros(0, dtype=np.intp),
            np.concatenate([np.full(len(at), len(at) ** -0.5) for at in selections]) if selections else np.zeros(0),
        )

    def transform(self, features: Array) -> Array:
        """Components and scaled features side by side, (N, sum of the terms' sizes)."""
        standardised = (features - self.mean) / self.deviation
        return np.hstack([standardised @ self.projection, standardised[:, self.selection] * self.gain])


def _principal_axes(standardised: Array, count: int, whitening: float) -> Array:
    """The first principal axes, (D, K), scaled so that the components' variances add up to 1."""
    from sklearn.decomposition import PCA

    count = min(count, standardised.shape[0] - 1, standardised.shape[1])
    found = PCA(count, svd_solver="randomized", random_state=0).fit(standardised)
    scaled = found.explained_variance_ ** (-whitening / 2)
    return found.components_.T * scaled / np.sqrt((found.explained_variance_ * scaled**2).sum())
