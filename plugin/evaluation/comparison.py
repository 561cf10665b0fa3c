"""Tests of two metrics on the same items, as they stand: without a correction for their number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import stats

from .bootstrap import MIN_CLUSTERS, Bootstrap
from .correlation import Vector, correlate, is_constant, srccs_within
from .dependent import steiger, williams
from .intervals import PERFECT
from .labels import Indices
from .logistic import fit_curve

Outcome = tuple[float, float] | str
"""A p-value and by how much the first is ahead, negative where the second is; or why there is none."""

_CONSTANT = "every score of a metric is the same"
_NO_CURVE = "no curve could be fitted"
_ALIKE = "both order the items alike"
_PERFECT = "the agreement is perfect"

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Side:
    """One metric on the items that are compared, score and target turned so that higher is better.

    Attributes:
        name: of the metric
        quality: turned scores, (n,)
        opinion: turned targets, (n,)
        srcc: Spearman's coefficient; None where a side is constant
        rising: the fitted curve's predictions, turned to rise with the quality, (n,); None without a curve
        residuals: opinion less prediction, (n,); None without a curve
        within: SRCC in each cluster, NaN where there is none; None without clusters
    """

    name: str
    quality: Vector
    opinion: Vector
    srcc: float | None
    rising: Vector | None
    residuals: Vector | None
    within: Vector | None

    @classmethod
    def of(cls, name: str, quality: Vector, opinion: Vector, clusters: Indices | None) -> Self:
        """Of turned scores and targets, none missing, and the numbers of their clusters."""
        whole = correlate(quality, opinion)
        fit = fit_curve(quality, opinion) if whole.plcc is not None else None
        predicted = fit.predict(quality) if fit else None
        return cls(
            name=name,
            quality=quality,
            opinion=opinion,
            srcc=whole.srcc,
            rising=None if fit is None or predicted is None else fit.direction * predicted,
            residuals=None if predicted is None else opinion - predicted,
            within=None if clusters is None else srccs_within(quality, opinion, clusters),
        )


def bootstrap_test(difference: float | None, error: float | None, bootstrap: Bootstrap) -> Outcome:
    """The difference of the SRCCs against its standard error, by Student's t of (clusters - 1) degrees of freedom."""
    if bootstrap.obstacle is not None:
        return bootstrap.obstacle
    if difference is None:
        return _CONSTANT
    if error is None:
        return "the values are too few or too much alike"
    if error < _ROUNDING:
        return _ALIKE
    return float(2 * stats.t.sf(abs(difference) / error, bootstrap.n_clusters - 1)), difference


def steiger_test(first: Side, second: Side) -> Outcome:
    """Steiger's Z of the SRCCs."""
    if first.srcc is None or second.srcc is None:
        return _CONSTANT
    between = float(stats.spearmanr(first.quality, second.quality).statistic)
    return _dependent_test(steiger, first.srcc, second.srcc, between, len(first.opinion))


def williams_test(first: Side, second: Side) -> Outcome:
    """Williams's t of the PLCCs after the fit."""
    if first.rising is None or second.rising is None:
        return _NO_CURVE
    if is_constant(first.rising) or is_constant(second.rising):
        return "a fitted curve is flat"
    r = np.corrcoef([first.rising, second.rising, first.opinion])
    return _dependent_test(williams, float(r[0, 2]), float(r[1, 2]), float(r[0, 1]), len(first.opinion))


def _dependent_test(
    test: Callable[[float, float, float, int], tuple[float, float]],
    first: float,
    second: float,
    between: float,
    n: int,
) -> Outcome:
    if max(abs(first), abs(second)) > PERFECT:
        return _PERFECT
    if between > PERFECT:
        return _ALIKE
    lead, p = test(first, second, between, n)
    return p, lead


def f_test(first: Side, second: Side) -> Outcome:
    """The ratio of the residuals' variances against Fisher's F, two-sided."""
    if first.residuals is None or second.residuals is None:
        return _NO_CURVE
    variances = np.var(first.residuals, ddof=1), np.var(second.residuals, ddof=1)
    if min(variances) <= _ROUNDING**2 * np.var(first.opinion):
        return _PERFECT
    ratio, freedom = variances[0] / variances[1], len(first.opinion) - 1
    tail = min(stats.f.cdf(ratio, freedom, freedom), stats.f.sf(ratio, freedom, freedom))
    return float(min(1, 2 * tail)), float(variances[1] - variances[0])


def t_test(first: Side, second: Side) -> Outcome:
    """Student's paired t of the SRCCs within each cluster, one-sided for the metric whose mean is higher."""
    if first.within is None or second.within is None:
        return "without clusters there is no mean correlation"
    differences = first.within - second.within
    differences = differences[np.isfinite(differences)]
    if len(differences) < MIN_CLUSTERS:
        return f"{len(differences)} clusters have both correlations: the test needs {MIN_CLUSTERS}"
    if np.std(differences) < _ROUNDING:
        return "both order the items of each cluster alike"
    lead = float(np.mean(differences))
    return float(stats.ttest_1samp(differences * np.sign(lead), 0, alternative="greater").pvalue), lead
