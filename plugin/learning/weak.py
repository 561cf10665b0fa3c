"""Labels where nobody was asked: distorted photographs by what full-reference metrics say of them.

After H. Lin, V. Hosu, D. Saupe, "DeepFL-IQA: weak supervision for deep IQA feature learning", arXiv 2001.08113, 2020,
which learns metrics after their histograms are made flat. Here their average is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from ..datasets.records import QualityDataset
from ..errors import UsageError
from .labels import LabelledImages, labelled
from .opinion import HIGHEST

METRICS: Final = ("haarpsi", "mdsi", "fsimc", "gmsd")
"""Learnt where no others are named: they follow opinion closely, each in its own way."""


def rank_average(scores: Mapping[str, ArrayLike], lower_is_better: Mapping[str, bool]) -> NDArray[np.float64]:
    """Mean over metrics of the share of the other images that each puts lower, 0 to 100, (N,).

    Images that a metric cannot tell apart share the mean of their places. An image that lacks a score is not ranked
    and is NaN.

    Args:
        scores: N values for each metric; NaN where there is none
        lower_is_better: each metric's direction

    Raises:
        UsageError: if there is no metric, or fewer than two images have scores of all
    """
    if not scores:
        raise UsageError("no metric is named to learn from")
    turned = np.array(
        [np.asarray(values, np.float64) * (-1 if lower_is_better[name] else 1) for name, values in scores.items()]
    )
    whole = ~np.isnan(turned).any(0)
    if whole.sum() < 2:
        raise UsageError(f"{whole.sum()} images have scores of {', '.join(scores)}; ranks need two or more")
    ranked = np.full(len(whole), np.nan)
    ranked[whole] = HIGHEST * (rankdata(turned[:, whole], axis=1).mean(0) - 1) / (whole.sum() - 1)
    return ranked


def by_metrics(
    dataset: QualityDataset, scores: Mapping[str, ArrayLike], lower_is_better: Mapping[str, bool]
) -> LabelledImages:
    """A dataset's images with the rank average of metrics for opinions.

    Args:
        dataset: distorted images with references
        scores: N values for each metric
        lower_is_better: each metric's direction

    Raises:
        UsageError: as :func:`rank_average`, or if all ranks are the same
    """
    return labelled(
        [record.dist for record in dataset.records],
        rank_average(scores, lower_is_better).tolist(),
        [None if record.ref is None else str(record.ref) for record in dataset.records],
        holder=dataset.name,
        target="rank average of metrics",
        scale=(0.0, HIGHEST),
        name=dataset.name,
        source=dataset.source,
        labels="metrics",
        metrics=list(scores),
    )
