"""Several datasets together: their targets on one scale, and the mean of their results."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from .correlation import Vector, as_vector, is_constant
from .report import ALL, Evaluation, Row

_CORRELATIONS = ("srcc", "krcc", "plcc")


@dataclass(frozen=True)
class Mean:
    """Correlations of one metric, averaged over datasets. RMSE has the unit of each and therefore no mean.

    Attributes:
        metric: name of the metric
        n: pairs in all datasets
        datasets: how many
        plain: by statistic, "srcc", "krcc" and "plcc", the mean in which each dataset counts once; None where a
            dataset has none
        weighted: the same in which each pair counts once
        reason: why a mean is None; None where all could be had
    """

    metric: str
    n: int
    datasets: int
    plain: dict[str, float | None]
    weighted: dict[str, float | None]
    reason: str | None


def average(evaluations: Sequence[Evaluation]) -> tuple[Mean, ...]:
    """Average each metric's correlations over datasets, one evaluation each, plainly and weighted by pairs.

    Raises:
        UsageError: there are no evaluations, or a metric is not in all of them: means over different datasets do not
            compare
    """
    if not evaluations:
        raise UsageError("no evaluations to average")
    wholes = [{row.metric: row for row in evaluation.rows if row.group == ALL} for evaluation in evaluations]
    for evaluation, whole in zip(evaluations, wholes, strict=True):
        if odd := set(whole) ^ set(wholes[0]):
            raise UsageError(
                f"{evaluation.target}: {sorted(odd)[0]} is not in every evaluation; evaluate the same metrics"
            )
    return tuple(_mean(metric, [whole[metric] for whole in wholes]) for metric in wholes[0])


def _mean(metric: str, rows: Sequence[Row]) -> Mean:
    n = [row.n for row in rows]
    plain: dict[str, float | None] = {}
    weighted: dict[str, float | None] = {}
    for name in _CORRELATIONS:
        values = [getattr(row, name) for row in rows]
        complete = None not in values
        plain[name] = float(np.mean(values)) if complete else None
        weighted[name] = float(np.average(values, weights=n)) if complete else None
    reasons = dict.fromkeys(row.reason for row in rows if row.reason)
    return Mean(metric, sum(n), len(rows), plain, weighted, "; ".join(reasons) or None)


def standardise(target: ArrayLike) -> Vector:
    """Opinion scores of zero mean and unit variance, so that those of several datasets can be pooled.

    Missing values (None, NaN) stay missing. Where lower is better in one dataset and higher in another, turn the sign
    of one first.

        N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
        Informatics 39, 2020, eq. 4

    Raises:
        UsageError: the target is not a sequence of numbers, is infinite, or has no two different values
    """
    values = as_vector(target, "target")
    known = values[~np.isnan(values)]
    if not np.all(np.isfinite(known)):
        raise UsageError("target: infinite values have no standard deviation; leave them out")
    if not len(known) or is_constant(known):
        raise UsageError("target: needs two different values to be standardised")
    standard: Vector = (values - known.mean()) / known.std()
    return standard
