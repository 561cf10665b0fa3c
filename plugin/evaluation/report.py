"""The table of agreement: one row for each metric and group."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import UsageError
from .correlation import Vector, as_vector, complete_pairs, correlate, is_constant
from .logistic import fit_curve

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
        plcc_raw: Pearson's correlation without a fit
        rmse_raw: root mean squared difference of score and target, both as they stand
        fit: the fitted curve's kind
        reason: why a statistic is None; None where all could be had
        srcc_within: mean of the SRCCs within each reference, over those where it can be had
        n_within: how many references that mean is over
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
    fit: Literal["logistic5", "linear"] | None
    reason: str | None
    srcc_within: float | None = None
    n_within: int = 0


@dataclass(frozen=True)
class Evaluation:
    """Agreement of metrics with a target: for each metric the row "all", then its groups in natural order."""

    target: str
    rows: tuple[Row, ...]

    def to_dict(self) -> dict[str, Any]:
        """``{"target": …, "rows": [{"metric": …, "group": …, "n": …, …}]}``, ready for JSON."""
        return {"target": self.target, "rows": [asdict(row) for row in self.rows]}


def evaluate(
    scores: Mapping[str, ArrayLike],
    target: ArrayLike,
    *,
    target_name: str = "target",
    target_lower_is_better: bool = False,
    lower_is_better: Mapping[str, bool],
    groups: Sequence[object] | None = None,
    references: Sequence[object] | None = None,
) -> Evaluation:
    """Measure how metrics agree with a target, over everything and within each group.

    Args:
        scores: N values for each metric; None and NaN mean "missing"
        target: N opinion scores or other target values; None and NaN mean "missing"
        target_name: what to call the target
        target_lower_is_better: the target's direction, e.g. True for DMOS
        lower_is_better: each metric's direction
        groups: N group labels, such as the type of distortion; None and "" mean "no group"
        references: N labels of the images' references, for the SRCC within references; None leaves that out

    Raises:
        UsageError: lengths differ, values are not numbers, or a metric's direction is not given
    """
    targets = as_vector(target, target_name)
    members = _members(groups, len(targets))
    images = None if references is None else _labels(references, len(targets), "reference")
    rows = []
    for metric, values in scores.items():
        vector = as_vector(values, metric)
        if len(vector) != len(targets):
            raise UsageError(f"{metric} has {len(vector)} values, {target_name} has {len(targets)}")
        if metric not in lower_is_better:
            raise UsageError(f"{metric}: say whether lower is better")
        sign = 1 if lower_is_better[metric] == target_lower_is_better else -1
        rows += [
            _row(metric, group, vector[index], targets[index], sign, None if images is None else images[index])
            for group, index in members.items()
        ]
    return Evaluation(target_name, tuple(rows))


def _row(metric: str, group: str, score: Vector, target: Vector, sign: int, references: Labels | None) -> Row:
    """``sign`` is 1 where score and target should rise together, -1 where they should go opposite ways."""
    raw = correlate(score, target)
    fit = fit_curve(score, target) if raw.plcc is not None else None
    plcc = rmse = None
    if fit is not None:
        x, y = complete_pairs(score, target)
        predicted = fit.predict(x)
        rmse = float(np.sqrt(np.mean((predicted - y) ** 2)))
        # A flat curve explains nothing: what Pearson's coefficient tends to as the slope vanishes.
        plcc = 0.0 if is_constant(predicted) else float(stats.pearsonr(predicted, y).statistic)
    within = [] if references is None else _srccs_within(score, target, references)
    return Row(
        metric=metric,
        group=group,
        n=raw.n,
        n_missing=raw.n_missing,
        srcc=_signed(raw.srcc, sign),
        krcc=_signed(raw.krcc, sign),
        plcc=_signed(plcc, sign * fit.direction) if fit else None,
        rmse=rmse,
        plcc_raw=_signed(raw.plcc, sign),
        rmse_raw=raw.rmse,
        srcc_within=_signed(float(np.mean(within)), sign) if within else None,
        n_within=len(within),
        fit=fit.kind if fit else None,
        reason=raw.reason,
    )


def _srccs_within(score: Vector, target: Vector, references: Labels) -> list[float]:
    each = (correlate(score[references == label], target[references == label]) for label in np.unique(references))
    return [correlation.srcc for correlation in each if correlation.srcc is not None]


def _signed(value: float | None, sign: int) -> float | None:
    return None if value is None else sign * value + 0.0  # + 0.0 turns -0.0 into 0.0


def _members(groups: Sequence[object] | None, n: int) -> dict[str, Any]:
    """What to index the items by, for "all" and for each group in natural order."""
    members: dict[str, Any] = {ALL: slice(None)}
    if groups is None:
        return members
    labels = _labels(groups, n, "group")
    for label in sorted(set(labels), key=_natural_order):
        # A group of this name must not take the place of the whole.
        members[f"{ALL} (group)" if label == ALL else label] = labels == label
    return members


def _labels(values: Sequence[object], n: int, what: str) -> Labels:
    if len(values) != n:
        raise UsageError(f"{len(values)} {what} labels for {n} targets")
    return np.array([_label(value) for value in values], dtype=object)


def _label(group: object) -> str:
    missing = group is None or group == "" or (isinstance(group, float) and math.isnan(group))
    return NO_GROUP if missing else str(group)


def _natural_order(label: str) -> tuple[bool, list[str | int]]:
    """Sort key: digits by their value, letters without case, items without a group last."""
    parts = re.split(r"(\d+)", label)  # text and digits by turns
    return label == NO_GROUP, [int(part) if i % 2 else part.lower() for i, part in enumerate(parts)]
