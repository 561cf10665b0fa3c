"""From pooled activations to what the no-reference model's Gaussian process is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..regressors import Groups
from .features import DEPTHWISE_STAGES, STAGES, columns

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Recipe:
    """The choices that make a no-reference model.

    Args:
        linear: groups of taps whose features act in proportion, each group with a like share
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
        """A recipe of what :meth:`to_dict` gave."""
        groups = {key: tuple(tuple(group) for group in values[key]) for key in ("linear", "curved")}
        return cls(**{**values, **groups})


@dataclass(frozen=True)
class Design:
    """Affine maps of features (N, D), fitted to a training set.

    Args:
        groups: how what comes out enters the process's covariance
        mean: of each feature, (D,)
        deviation: of each feature, infinite for those that do not vary, (D,)
        axes: of each curved group, its place among the features and its principal axes (d, k)
        selection: places of the linear groups' features
        gain: what each of those is multiplied by
    """

    groups: Groups
    mean: Array
    deviation: Array
    axes: tuple[tuple[Places, Array], ...]
    selection: Places
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
        curved = [columns(sizes, group) for group in recipe.curved]
        axes = [
            _principal_axes((features[:, at] - mean[at]) / deviation[at], recipe.components, recipe.whitening)
            for at in curved
        ]
        linear = [columns(sizes, group) for group in recipe.linear]
        # A group's features share what is the group's, and the groups are equals.
        gain = [np.full(len(at), (len(at) * len(linear)) ** -0.5) for at in linear]
        return cls(
            Groups(tuple(each.shape[1] for each in axes), sum(len(at) for at in linear)),
            mean,
            deviation,
            tuple(zip(curved, axes, strict=True)),
            np.concatenate(linear),
            np.concatenate(gain),
        )

    def transform(self, features: Array) -> Array:
        """Components of the curved groups, then scaled features of the linear ones, (N, size of the groups)."""
        standardised = (features - self.mean) / self.deviation
        components = [standardised[:, at] @ axes for at, axes in self.axes]
        return np.hstack([*components, standardised[:, self.selection] * self.gain])


def _principal_axes(standardised: Array, count: int, whitening: float) -> Array:
    """The first principal axes, (d, k), scaled so that the components' variances add up to 1."""
    from sklearn.decomposition import PCA

    count = min(count, standardised.shape[0] - 1, standardised.shape[1])
    found = PCA(count, svd_solver="randomized", random_state=0).fit(standardised)
    weights = np.maximum(found.explained_variance_, 1e-9) ** (-whitening / 2)
    axes: Array = found.components_.T * weights / np.sqrt((found.explained_variance_ * weights**2).sum())
    return axes
