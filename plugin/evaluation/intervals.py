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
        error = _standard_error(name, value, x, y, replicates, bootstrap)
        if error is None:
            absent.setdefault("the values are too few or too much alike", []).append(name)
            continue
        margin = bootstrap.reach * error
        if name == "rmse":
            # Raised by as much as a refit to the resamples lowers it.
            centre = math.log(value**2 / np.mean(replicates[name]))
            intervals[name] = math.exp(centre - margin), math.exp(centre + margin)
        else:
            centre = math.atanh(value)
            intervals[name] = math.tanh(centre - margin), math.tanh(centre + margin)
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


def _standard_error(
    name: str,
    value: float,
    x: Vector,
    y: Vector,
    replicates: Mapping[str, NDArray[np.float64]],
    bootstrap: Bootstrap,
) -> float | None:
    """Of a correlation's Fisher's z or of RMSE's logarithm; None where it cannot be had."""
    if name == "krcc":
        return krcc_error(x, y, bootstrap.clusters, bootstrap.n_clusters) / (1 - value**2)
    if name not in replicates:
        return None
    if name == "rmse":
        return bootstrap.standard_error(replicates[name] / np.mean(replicates[name]))
    # In a small resample agreement may be perfect: none counts as ten times nearer to it than the whole.
    nearest = 1 - (1 - abs(value)) / 10
    return bootstrap.standard_error(np.arctanh(np.clip(replicates[name], -nearest, nearest)))
