"""How scores change with the level of a distortion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .correlation import Vector, as_vector
from .labels import is_missing


@dataclass(frozen=True)
class LevelCurve:
    """Mean score at each level of one group.

    Attributes:
        group: the group's label
        levels: the levels at which there are scores, ascending
        means: mean score at each
        counts: scores that each mean is over
    """

    group: str
    levels: tuple[float, ...]
    means: tuple[float, ...]
    counts: tuple[int, ...]


def level_curves(score: ArrayLike, levels: ArrayLike, groups: Sequence[object]) -> tuple[LevelCurve, ...]:
    """Mean score by level within each group; items without a finite score, a level or a group are left out.

    Args:
        score: N scores
        levels: N levels
        groups: N group labels

    Returns:
        one curve for each group that has any, in the order of the groups' first items

    Raises:
        UsageError: scores or levels are not numbers
    """
    values, places = as_vector(score, "score"), as_vector(levels, "level")
    usable = np.isfinite(values) & np.isfinite(places)
    members: dict[str, list[int]] = {}
    for index in np.flatnonzero(usable).tolist():
        if not is_missing(groups[index]):
            members.setdefault(str(groups[index]), []).append(index)
    return tuple(_curve(group, values[indices], places[indices]) for group, indices in members.items())


def normalise(curves: Sequence[LevelCurve], *, lower_is_better: bool) -> tuple[LevelCurve, ...]:
    """Curves on a scale from 0, the worst mean of all, to 1, the best; all 0.5 where there is but one value."""
    if not curves:
        return ()
    everything = np.concatenate([curve.means for curve in curves])
    worst, best = float(everything.min()), float(everything.max())
    if lower_is_better:
        worst, best = best, worst

    def scale(mean: float) -> float:
        return 0.5 if best == worst else (mean - worst) / (best - worst)

    return tuple(
        LevelCurve(curve.group, curve.levels, tuple(scale(mean) for mean in curve.means), curve.counts)
        for curve in curves
    )


def _curve(group: str, score: Vector, levels: Vector) -> LevelCurve:
    places, which = np.unique(levels, return_inverse=True)
    counts = np.bincount(which)
    means = np.bincount(which, weights=score) / counts
    return LevelCurve(group, tuple(places.tolist()), tuple(means.tolist()), tuple(counts.tolist()))
