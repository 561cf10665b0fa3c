"""Opinion scores, and the scale on which a regressor finds them easiest to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ..errors import UsageError
from ..metrics.models import GRADES

Array = NDArray[np.float64]

#: Lowest and highest quality score.
LOWEST: Final = 0.0
HIGHEST: Final = 100.0

#: Steps in which the share of lower opinions is followed.
_STEPS: Final = 64

NODES: Final = ndtri((np.arange(1000) + 0.5) / 1000)
"""Standard normal values of equal probability."""


def as_quality(opinions: ArrayLike, lowest: float, highest: float, *, lower_is_better: bool = False) -> Array:
    """Opinions on the scale from 0, the worst, to 100, the best.

    Args:
        opinions: on their own scale
        lowest: its lowest value
        highest: its highest value
        lower_is_better: its direction

    Raises:
        UsageError: if the scale has no extent or an opinion is not a number on it
    """
    values = np.asarray(opinions, dtype=np.float64)
    if not lowest < highest:
        raise UsageError(f"a scale from {lowest:g} to {highest:g} has no extent")
    outside = np.flatnonzero(~((lowest <= values) & (values <= highest)))
    if len(outside):
        raise UsageError(
            f"label {outside[0] + 1} is {values[outside[0]]:g}, not on the scale {lowest:g} to {highest:g}"
        )
    share = (values - lowest) / (highest - lowest)
    return LOWEST + (HIGHEST - LOWEST) * (1 - share if lower_is_better else share)


def grade(opinion: float) -> str:
    """The word for an opinion of 0 to 100."""
    return GRADES[min(int(opinion // 20), len(GRADES) - 1)]


@dataclass(frozen=True)
class OpinionScale:
    """A rising map, linear between knots, from opinions to values of mean 0 and variance 1 that are learnt.

    Args:
        opinions: at the knots, rising
        learnt: at the knots, rising
    """

    opinions: Array
    learnt: Array

    @classmethod
    def by_rank(cls, opinions: ArrayLike) -> Self:
        """Learn the share of training images with a lower opinion.

        Where opinions crowd, a small difference among them then counts as much as a large one elsewhere.
        """
        values = np.asarray(opinions, dtype=np.float64)
        shares = np.linspace(0, 1, _STEPS + 1)
        knots, first = np.unique(np.quantile(values, shares), return_index=True)
        return cls._standardised(values, knots, shares[first])

    @classmethod
    def by_value(cls, opinions: ArrayLike) -> Self:
        """Learn the opinions as they are (eq. 4 of the deep-feature paper)."""
        values = np.asarray(opinions, dtype=np.float64)
        ends = np.array([values.min(), values.max()])
        return cls._standardised(values, ends, ends)

    @classmethod
    def _standardised(cls, values: Array, opinions: Array, learnt: Array) -> Self:
        of_values = np.interp(values, opinions, learnt)
        return cls(opinions, (learnt - of_values.mean()) / of_values.std())

    def to_learnt(self, opinions: ArrayLike) -> Array:
        """From opinions to what is learnt; beyond the knots it goes on as between the last two."""
        return _follow(np.asarray(opinions, dtype=np.float64), self.opinions, self.learnt)

    def to_opinion(self, mean: Array, std: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the opinion where what is learnt is normal.

        Args:
            mean: shape (N,)
            std: shape (N,)
        """
        values = _follow(mean[:, None] + std[:, None] * NODES, self.learnt, self.opinions).clip(LOWEST, HIGHEST)
        return values.mean(1), values.std(1)


def _follow(at: Array, x: Array, y: Array) -> Array:
    """Linear interpolation between knots, and extrapolation beyond them."""
    below = y[0] + (at - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
    above = y[-1] + (at - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
    return np.where(at < x[0], below, np.where(at > x[-1], above, np.interp(at, x, y)))
