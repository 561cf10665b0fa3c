"""The table of agreement: one row for each metric and group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import UsageError
from .bootstrap import Bootstrap
from .correlation import Vector, as_vector, correlate, is_constant, srccs_within
from .intervals import Interval, agreement_intervals
from .labels import Indices, cluster_numbers, is_missing, natural_order
from .logistic import Curve, Kind, fit_curve

ALL = "all"  # the group that every item belongs to
NO_GROUP = "(none)"

Labels = NDArray[np.object_]


@dataclass(frozen=True)
class Row:
    """Agreement of one metric with the target within one group.

    Correlations are positive where metric and target agree, each turned by its declared direction so that
    higher is better, and negative where they disagree.

    Attributes:
        metric: name of the metric
        group: "all", or the group's value; "(none)" for items without one
        n: pairs used
        n_missing: pairs left out because score or target is missing
        srcc: Spearman's rank correlation coefficient
        krcc: Kendall's tau-b
        plcc: Pearson's correlation of the fitted curve's predictions with the target, negative where the
            curve runs against the declared directions
        rmse: root mean squared error of the fitted curve, in the target's units
        mae: mean absolute error of the fitted curve, in the target's units
        outlier_ratio: share of the pairs further from the fitted curve than two standard deviations of their
            target, in [0, 1]; pairs without a deviation are left out
        plcc_raw: Pearson's correlation without a fit
        rmse_raw: root mean squared difference of score and target, both as they stand
        fit: the fitted curve's kind
        reason: why a statistic is None; None where all could be had
        srcc_within: mean of the SRCCs within each reference, over those where it can be had
        n_within: how many references that mean is over
        intervals: 95 % confidence intervals by statistic, of "srcc", "krcc", "plcc" and "rmse" those that can be had
        intervals_reason: why one cannot be had; None where all could be, or none was asked for
    """

    metric: str
    group: str
    n: int
    n_missing: int
    srcc: float | None
    krcc: float | None
    plcc: float | None
    rmse: float | None
    plcc_raw: float | None
    rmse_raw: float | None
    fit: Kind | None
    reason: str | None
    srcc_within: float | None = None
    n_within: int = 0
    mae: float | None = None
    outlier_ratio: float | None = None
    intervals: dict[str, Interval] = field(default_factory=dict)
    intervals_reason: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """Agreement of metrics with a target: for each metric the row "all", then its groups in natural order."""

    target: str
    rows: tuple[Row, ...]

    @property
    def disagrees(self) -> bool:
        """Whether every metric runs against the target over all items, as where its direction is a wrong one."""
        return all_disagree(row.srcc for row in self.rows if row.group == ALL)

    def to_dict(self) -> dict[str, Any]:
        """``{"target": …, "rows": [{"metric": …, "group": …, "n": …, …}]}``, ready for JSON."""
        return {"target": self.target, "rows": [asdict(row) for row in self.rows]}


def all_disagree(srccs: Iterable[float | None]) -> bool:
    """Whether there are SRCCs of score and target and all are negative; None is passed over."""
    known = [srcc for srcc in srccs if srcc is not None]
    return bool(known) and max(known) < 0


def evaluate(
    scores: Mapping[str, ArrayLike],
    target: ArrayLike,
    *,
    target_name: str = "target",
    target_lower_is_better: bool = False,
    lower_is_better: Mapping[str, bool],
    groups: Sequence[object] | None = None,
    references: Sequence[object] | None = None,
    target_std: ArrayLike | None = None,
    clusters: Sequence[object] | None = None,
    resamples: int = 0,
    seed: int = 0,
    curve: Curve | None = "logistic5",
) -> Evaluation:
    """Measure how metrics agree with a target, over everything and within each group.

    Args:
        scores: N values for each metric; None and NaN mean "missing"
        target: N opinion scores or other target values; None and NaN mean "missing"
        target_name: what to call the target
        target_lower_is_better: the target's direction, e.g. True for DMOS
        lower_is_better: each metric's direction
        groups: N group labels, such as the type of distortion; None and "" mean "no group"
        references: N labels of the images' references, for the SRCC within references; None leaves that out, as
            it does an item
        target_std: N standard deviations of the opinions, for the outlier ratio; None leaves that out
        clusters: N labels of what was sampled together, such as the references, for the confidence intervals;
            None, and items without a label: each item by itself
        resamples: of the bootstrap, for the confidence intervals; 0 leaves them out
        seed: of the bootstrap
        curve: the curve to fit; None leaves out what is taken after the fit, which is most of the work

    Raises:
        UsageError: lengths differ, values are not numbers, a deviation is negative, or a metric's direction is not
            given

    >>> from deepmse import evaluate
    >>> scores, dmos = [40.0, 35.0, 30.0, 20.0, 25.0], [10, 20, 30, 40, 50]
    >>> result = evaluate({"psnr": scores}, dmos, target_lower_is_better=True, lower_is_better={"psnr": False})
    >>> round(result.rows[0].srcc, 3), result.rows[0].n
    (0.9, 5)
    """
    targets = as_vector(target, target_name)
    n = len(targets)
    members = _members(groups, n)
    reference = None if references is None else cluster_numbers(references, n)
    deviations = np.full(n, np.nan) if target_std is None else as_vector(target_std, "target_std")
    if len(deviations) != n or np.any(deviations < 0):
        raise UsageError(f"target_std: needs {n} standard deviations, none negative")
    cluster = cluster_numbers(clusters, n)
    rows = []
    for metric, values in scores.items():
        vector = as_vector(values, metric)
        if len(vector) != n:
            raise UsageError(f"{metric} has {len(vector)} values, {target_name} has {n}")
        if metric not in lower_is_better:
            raise UsageError(f"{metric}: say whether lower is better")
        sign = 1 if lower_is_better[metric] == target_lower_is_better else -1
        items = _Items(vector, targets, deviations, cluster, reference)
        rows += [
            _row(metric, group, items.at(index), sign, curve, resamples, seed) for group, index in members.items()
        ]
    return Evaluation(target_name, tuple(rows))


class _Items(NamedTuple):
    score: Vector
    target: Vector
    deviation: Vector
    cluster: Indices
    reference: Indices | None

    def at(self, index: Any) -> "_Items":
        reference = None if self.reference is None else self.reference[index]
        return _Items(self.score[index], self.target[index], self.deviation[index], self.cluster[index], reference)


def _row(metric: str, group: str, items: _Items, sign: int, curve: Curve | None, resamples: int, seed: int) -> Row:
    """``sign`` is 1 where score and target should rise together, -1 where they should go opposite ways."""
    raw = correlate(items.score, items.target)
    x, y, deviation, cluster, reference = items.at(~(np.isnan(items.score) | np.isnan(items.target)))
    within = np.empty(0) if reference is None else srccs_within(x, y, reference)
    within = within[~np.isnan(within)]
    row = Row(
        metric=metric,
        group=group,
        n=raw.n,
        n_missing=raw.n_missing,
        srcc=_signed(raw.srcc, sign),
        krcc=_signed(raw.krcc, sign),
        plcc=None,
        rmse=None,
        plcc_raw=_signed(raw.plcc, sign),
        rmse_raw=raw.rmse,
        srcc_within=_signed(float(np.mean(within)), sign) if len(within) else None,
        n_within=len(within),
        fit=None,
        reason=raw.reason,
    )
    fit = fit_curve(x, y, curve) if curve is not None and raw.plcc is not None else None
    if fit is not None:
        predicted = fit.predict(x)
        residuals = y - predicted
        # A flat curve explains nothing: what Pearson's coefficient tends to as the slope vanishes.
        plcc = 0.0 if is_constant(predicted) else float(stats.pearsonr(predicted, y).statistic)
        row = replace(
            row,
            plcc=_signed(plcc, sign * fit.direction),
            rmse=float(np.sqrt(np.mean(residuals**2))),
            mae=float(np.mean(np.abs(residuals))),
            outlier_ratio=_outlier_ratio(residuals, deviation),
            fit=fit.kind,
        )
    if resamples and raw.srcc is not None:
        bootstrap = Bootstrap.of(cluster, resamples, seed)
        intervals, reason = agreement_intervals(x, y, fit, _interval_statistics(row), bootstrap)
        row = replace(row, intervals=intervals, intervals_reason=reason)
    return row


def _outlier_ratio(residuals: Vector, deviation: Vector) -> float | None:
    known = ~np.isnan(deviation)
    return float(np.mean(np.abs(residuals[known]) > 2 * deviation[known])) if known.any() else None


def _interval_statistics(row: Row) -> dict[str, float]:
    """The confidence intervals that could be had, by statistic."""
    values = {"srcc": row.srcc, "krcc": row.krcc, "plcc": row.plcc, "rmse": row.rmse}
    return {name: value for name, value in values.items() if value is not None}


def _signed(value: float | None, sign: int) -> float | None:
    return None if value is None else sign * value + 0.0  # + 0.0 turns -0.0 into 0.0


def _members(groups: Sequence[object] | None, n: int) -> dict[str, Any]:
    """What to index the items by, for "all" and for each group in natural order."""
    members: dict[str, Any] = {ALL: slice(None)}
    if groups is None:
        return members
    labels = _labels(groups, n)
    for label in sorted(set(labels), key=lambda label: (label == NO_GROUP, natural_order(label))):
        members[label] = labels == label
    return members


def _labels(groups: Sequence[object], n: int) -> Labels:
    if len(groups) != n:
        raise UsageError(f"{len(groups)} group labels for {n} targets")
    return np.array([group_label(group) for group in groups], dtype=object)


def group_label(group: object) -> str:
    """What an item's group is called in a row; one called "all" does not take the place of the whole."""
    if is_missing(group):
        return NO_GROUP
    return f"{ALL} (group)" if group == ALL else str(group)
