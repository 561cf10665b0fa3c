"""Issues beside opinion: whether what is measured says anything of what people think."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..evaluation.correlation import as_vector, correlate
from ..issues import ISSUES, Judgement


@dataclass(frozen=True)
class IssueOpinion:
    """What people think of the images that have an issue.

    Attributes:
        issue: its name
        srcc: Spearman's correlation of its measure with the opinions, both as they stand; None where one is constant
        low: 5th percentile of the measure; None where no image has it
        high: 95th
        images: with the issue and an opinion
        mean: of their opinions; None where there are none
        mean_of_others: of the opinions of those without the issue
    """

    issue: str
    srcc: float | None
    low: float | None
    high: float | None
    images: int
    mean: float | None
    mean_of_others: float | None


def beside_opinions(judgements: Sequence[Judgement], opinions: ArrayLike) -> list[IssueOpinion]:
    """Each issue beside opinion, in the catalogue's order.

    Args:
        judgements: of N images
        opinions: theirs, in any unit and direction, (N,); NaN where there is none
    """
    target = as_vector(opinions, "opinions")
    known = ~np.isnan(target)
    found = []
    for name, issue in ISSUES.items():
        values = np.array([each.values.get(issue.measure, np.nan) for each in judgements])
        has = np.array([name in each.issues for each in judgements])
        there = values[~np.isnan(values)]
        low, high = np.percentile(there, (5, 95)).tolist() if len(there) else (None, None)
        with_it, without = target[known & has], target[known & ~has]
        srcc = correlate(values, target).srcc
        found.append(IssueOpinion(name, srcc, low, high, len(with_it), _mean(with_it), _mean(without)))
    return found


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
