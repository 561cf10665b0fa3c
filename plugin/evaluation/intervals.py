"""95 % confidence intervals of agreement, with few clusters in mind.

A correlation's interval is symmetric in Fisher's z = artanh(r), RMSE's in its logarithm, with Student's quantiles of
(clusters - 1) degrees of freedom. The standard error is the bootstrap's over clusters, for KRCC the infinitesimal
jackknife's. In simulation this keeps to 95 % where percentiles of the same resamples fall short: a set for image
quality has 25 references, not hundreds.

    A. C. Cameron, J. B. Gelbach, D. L. Miller, "Bootstrap-based improvements for inference with clustered
    errors", Review of Economics and Statistics 90(3), 2008
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Bootstrap
from .correlation import Vector, is_constant
from .kendall import krcc_error
from .logistic import Fit
from .resampled import Statistic, refitted_rmse, resampled_plcc, resampled_srccs

Interval = tuple[float, float]

PERFECT = 1 - 1e-12  # but for rounding


def agreement_intervals(
    x: Vector, y: Vector, fit: Fit | None, statistics: Mapping[str, float], bootstrap: Bootstrap
) -> tuple[dict[str, Interval], str | None]:
    """Intervals of agreement statistics.

    PLCC's holds the fitted curve fixed: the curve is where PLCC is largest, so that to first order PLCC does not
    change with it. RMSE's is of the best curve for all that the items were drawn from. It allows for the curve having
    been fitted to these very items, and so lies a little higher than the RMSE itself; where most of the variation is
    between a few clusters it is still too low and covers some 87 % instead of 95 %.

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
    for name, value in statistics.items():
        if value == 0 if name == "rmse" else abs(value) > PERFECT:
            absent.setdefault("the agreement is perfect", []).append(name)
            continue
        if name == "krcc":
            error: float | None = krcc_error(x, y, bootstrap.clusters, bootstrap.n_clusters)
        else:
            error = bootstrap.standard_error(replicates[name]) if name in replicates else None
        if error is None:
            absent.setdefault("the values are too few or too much alike", []).append(name)
        elif name == "rmse":
            intervals[name] = _error_interval(value, float(np.mean(replicates[name])), error, bootstrap.reach)
        else:
            intervals[name] = _correlation_interval(value, error, bootstrap.reach)
    reasons = [f"no interval of {', '.join(names)}: {reason}" for reason, names in absent.items()]
    return intervals, "; ".join(reasons) or None


def _replicates(x: Vector, y: Vector, fit: Fit | None, bootstrap: Bootstrap) -> dict[str, NDArray[np.float64]]:
    clusters = bootstrap.clusters
    statistics: dict[str, Statistic] = {"srcc": resampled_srccs([x], y, clusters)}
    if fit is not None:
        predicted = fit.predict(x)
        statistics["rmse"] = refitted_rmse(y - predicted, fit.tangent(x), clusters)
        if not is_constant(predicted):
            statistics["plcc"] = resampled_plcc(predicted, y, clusters)
    values = bootstrap.replicate(
        lambda times: np.column_stack([statistic(times) for statistic in statistics.values()])
    )
    return dict(zip(statistics, values.T, strict=True))


def _correlation_interval(value: float, error: float, reach: float) -> Interval:
    """Symmetric in Fisher's z, whose standard error is that of r divided by 1 - r^2."""
    z, margin = math.atanh(value), reach * error / (1 - value**2)
    return math.tanh(z - margin), math.tanh(z + margin)


def _error_interval(value: float, mean: float, error: float, reach: float) -> Interval:
    """Symmetric in the logarithm, about the value raised as much as a refit to resamples lowers it."""
    factor = math.exp(reach * error / mean)
    return value**2 / mean / factor, value**2 / mean * factor
