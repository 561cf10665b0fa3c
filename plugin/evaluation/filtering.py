"""How good scores are as a filter: what people think of the images that score worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from .correlation import as_vector, complete_pairs


@dataclass(frozen=True)
class Filtered:
    """The images that score worst.

    Attributes:
        n: how many they are
        mean: of their target, in its unit
        percentile: share of all images, in %, whose target is worse than that mean; half of those of the same count
        mean_of_others: of the target of the others; None where there are none
    """

    n: int
    mean: float
    percentile: float
    mean_of_others: float | None


def worst(
    scores: ArrayLike, target: ArrayLike, percent: float, *, lower_is_better: bool, target_lower_is_better: bool
) -> Filtered:
    """Filter by scores, and look at the target.

    Args:
        scores: of N images, (N,); those without a score or target are left out
        target: what people think of them, (N,)
        percent: share of the images that is filtered, above 0 and below 100; at least one is
        lower_is_better: the scores' direction
        target_lower_is_better: the target's

    Raises:
        UsageError: if the share is none, or no image has a score and a target
    """
    if not 0 < percent < 100:
        raise UsageError(f"the worst {percent:g} %: a share lies between 0 and 100")
    values, opinions = complete_pairs(as_vector(scores, "scores"), as_vector(target, "target"))
    if not len(values):
        raise UsageError("no image has both a score and a target")
    order = np.argsort(-values if lower_is_better else values, kind="stable")
    n = max(1, round(len(order) * percent / 100))
    mean = float(opinions[order[:n]].mean())
    worse = opinions > mean if target_lower_is_better else opinions < mean
    percentile = 100 * float(np.mean(worse) + np.mean(opinions == mean) / 2)
    return Filtered(n, mean, percentile, float(opinions[order[n:]].mean()) if n < len(order) else None)
