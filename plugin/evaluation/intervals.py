"""95 % confidence intervals of agreement, with few clusters in mind.

A correlation's interval is symmetric in Fisher's z = artanh(r), RMSE's in its logarithm, with Student's quantiles of
(clusters - 1) degrees of freedom. The standard error is the bootstrap's over clusters, for KRCC the infinitesimal
jackknife's. In simulation this keeps to 95 % where percentiles of the same resamples fall short: a set for image
quality has 25 references, not hundreds. RMSE's is the jackknife's: it asks only for curves near that of the whole,
where a refit to a resample runs away, most of all from a curve that its constraints hold.

    A. C. Cameron, J. B. Gelbach, D. L. Miller, "Bootstrap-based improvements for inference with clustered
    errors", Review of Economics and Statistics 90(3), 2008
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Bootstrap
from .correlation import Vector, is_constant
from .jackknife import log_rmse
from .kendall import krcc_error
from .logistic import Fit
from .resampled import Statistic, resampled_plcc, resampled_srccs

Interval = tuple[float, float]

PERFECT = 1 - 1e-12  # but for rounding


def agreement_intervals(
    x: Vector, y: Vector, fit: Fit | None, statistics: Mapping[str, float], bootstrap: Bootstrap
) -> tuple[dict[str, Interval], str | None]:
    """Intervals of agreement statistics.

    PLCC's holds the fitted curve fixed: the curve is where PLCC is largest, so that to first order PLCC does not
    change with it. RMSE's is of the best curve for all that the items were drawn from. It allows for the curve having
    been fitted to these very items, and so reaches further above the RMSE than below it; where most of the variation
    is between a few clusters it is still too low and covers some 87 % instead of 95 %.

    Args:
        x: N scores
        y: N targets
        fit: the fitted curve; None where there is none
        statistics: values of "srcc", "krcc", "plcc" and "rmse", those that could be had; correlations of either sign
        bootstrap: of the N pairs

    Returns:
        the intervals by statistic, and why others are absent, None where all could be had
    """
    if bootstrap.obstacle:
        return {}, bootstrap.obstacle
    replicates = _replicates(x, y, fit, bootstrap)
    intervals: dict[str, Interval] = {}
    absent: dict[str, list[str]] = {}
    error: float | None
    for name, value in statistics.items():
        if value == 0 if name == "rmse" else abs(value) > PERFECT:
            absent.setdefault("the agreement is perfect", []).append(name)
            continue
        if name == "rmse" and fit is not None:
            centre, error = log_rmse(y - fit.predict(x), fit.tangent(x), bootstrap.clusters)
            low, high = (math.exp(centre + sign * bootstrap.reach * error) for sign in (-1, 1))
            intervals[name] = min(low, value), high
            continue
        error = _standard_error(name, value, x, y, replicates, bootstrap)
        if error is None:
            absent.setdefault("the values are too few or too much alike", []).append(name)
            continue
        centre, margin = math.atanh(value), bootstrap.reach * error
        intervals[name] = math.tanh(centre - margin), math.tanh(centre + margin)
    reasons = [f"no interval of {', '.join(names)}: {reason}" for reason, names in absent.items()]
    return intervals, "; ".join(reasons) or None


def _replicates(x: Vector, y: Vector, fit: Fit | None, bootstrap: Bootstrap) -> dict[str, NDArray[np.float64]]:
    clusters = bootstrap.clusters
    statistics: dict[str, Statistic] = {"srcc": resampled_srccs([x], y, clusters)}
    if fit is not None:
        predicted = fit.predict(x)
        if not is_constant(predicted):
            statistics["plcc"] = resampled_plcc(predicted, y, clusters)
    values = bootstrap.replicate(
        lambda times: np.column_stack([statistic(times) for statistic in statistics.values()])
    )
    return dict(zip(statistics, values.T, strict=True))


def _standard_error(
    name: str,
    value: float,
    x: Vector,
    y: Vector,
    replicates: Mapping[str, NDArray[np.float64]],
    bootstrap: Bootstrap,
) -> float | None:
    """Of a correlation's Fisher's z; None where it cannot be had."""
    if name == "krcc":
        return krcc_error(x, y, bootstrap.clusters, bootstrap.n_clusters) / (1 - value**2)
    if name not in replicates:
        return None
    # In a small resample agreement may be perfect: none counts as ten times nearer to it than the whole.
    nearest = 1 - (1 - abs(value)) / 10
    return bootstrap.standard_error(np.arctanh(np.clip(replicates[name], -nearest, nearest)))
