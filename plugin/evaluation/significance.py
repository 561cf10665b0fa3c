"""Whether one metric agrees better with opinion than another, on the same items."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..vocabulary import RESAMPLES
from .bootstrap import MIN_PAIRS, Bootstrap
from .comparison import Side, bootstrap_test, f_test, steiger_test, t_test, williams_test
from .correlation import Vector, as_vector, is_constant
from .intervals import Interval
from .labels import cluster_numbers
from .resampled import resampled_srccs
from .residuals import normality

TESTS: Final = ("bootstrap", "steiger", "williams", "f", "t")


@dataclass(frozen=True)
class PairTest:
    """Two metrics compared.

    Attributes:
        first: name of one metric
        second: name of the other
        srcc_difference: SRCC of the first less that of the second, each turned by its declared direction
        interval: 95 % confidence interval of the difference, None where it cannot be had
        p: p-value by test, None where the test cannot be had
        p_holm: the same after Holm's correction over all pairs
        ahead: by test, the metric that looks better
        reasons: by test, why it cannot be had
        alpha: level of the tests
    """

    first: str
    second: str
    srcc_difference: float | None
    interval: Interval | None
    p: dict[str, float | None]
    p_holm: dict[str, float | None]
    ahead: dict[str, str]
    reasons: dict[str, str]
    alpha: float

    def better(self, test: str) -> str | None:
        """The metric that is significantly better by one test after Holm's correction, None where neither is."""
        p = self.p_holm[test]
        return self.ahead[test] if p is not None and p < self.alpha else None


@dataclass(frozen=True)
class Significance:
    """Every two metrics compared, on the items that have them all.

    Attributes:
        metrics: names, in the order given
        n: items with a target and a score of every metric
        clusters: how many clusters the items are of; None where none were given
        pairs: each two metrics once
        normality: by metric, the statistic and p of a test that the residuals of the fitted curve are normal, as
            Williams's test and the F-test assume: Shapiro-Wilk, beyond 5,000 items D'Agostino-Pearson
        reason: why nothing can be compared; None where something can
        alpha: level of the tests
    """

    metrics: tuple[str, ...]
    n: int
    clusters: int | None
    pairs: tuple[PairTest, ...]
    normality: dict[str, tuple[float, float]]
    reason: str | None
    alpha: float

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def compare_metrics(
    scores: Mapping[str, ArrayLike],
    target: ArrayLike,
    *,
    lower_is_better: Mapping[str, bool],
    target_lower_is_better: bool = False,
    clusters: Sequence[object] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    alpha: float = 0.05,
) -> Significance:
    """Compare every two metrics on the items that have a target and a score of every metric.

    Five tests, each corrected over all pairs by Holm's method (S. Holm, "A simple sequentially rejective multiple
    test procedure", Scandinavian Journal of Statistics 6(2), 1979):

    - "bootstrap": the difference of SRCC against its standard error from a bootstrap of whole clusters, both metrics
      in the same resamples; two-sided, Student's distribution of (clusters - 1) degrees of freedom. The only one that
      allows for clusters, and that assumes no distribution.
    - "steiger": Steiger's Z of the two SRCCs; two-sided.
    - "williams": Williams's t of the two PLCCs after the fit; two-sided.
    - "f": the ratio of the variances of the residuals from the fitted curves; two-sided, as VQEG has it. It takes the
      two sets of residuals as independent; as they are of the same items it finds less than there is.
    - "t": Student's t on the SRCCs within each cluster, paired, for the metric whose mean is higher: one-sided, so
      that Holm's correction is over both directions of each pair (N. Ahmed, H. M. S. Asif, "Perceptual quality
      assessment of digital images using deep features", Computing and Informatics 39, 2020, table 9, which does
      not say what its mean correlation is over).

    Args:
        scores: N values for each metric; None and NaN mean "missing"
        target: N opinion scores or other target values; None and NaN mean "missing"
        lower_is_better: each metric's direction
        target_lower_is_better: the target's direction, e.g. True for DMOS
        clusters: N labels of what was sampled together, such as the references; None, and items without a label:
            each item by itself
        resamples: of the bootstrap
        seed: of the bootstrap
        alpha: level of the tests

    Raises:
        UsageError: lengths differ, values are not numbers, or a metric's direction is not given

    >>> from deepmse import compare_metrics
    >>> mos = list(range(20))
    >>> scores = {"same": mos, "shuffled": [7 * value % 20 for value in mos]}
    >>> lower = {"same": False, "shuffled": False}
    >>> found = compare_metrics(scores, mos, lower_is_better=lower, resamples=200)
    >>> found.metrics, found.n
    (('same', 'shuffled'), 20)
    """
    names = tuple(scores)
    opinion = as_vector(target, "target")
    if target_lower_is_better:
        opinion = -opinion
    qualities = [_quality(name, scores[name], lower_is_better, len(opinion)) for name in names]
    complete: NDArray[np.bool_] = np.logical_and.reduce([~np.isnan(values) for values in (opinion, *qualities)])
    opinion, n = opinion[complete], int(complete.sum())
    bootstrap = Bootstrap.of(cluster_numbers(clusters, len(complete))[complete], resamples, seed)
    within = None if clusters is None else bootstrap.clusters
    sides = [Side.of(name, q[complete], opinion, within) for name, q in zip(names, qualities, strict=True)]
    result = Significance(
        metrics=names,
        n=n,
        clusters=None if clusters is None else bootstrap.n_clusters,
        pairs=(),
        normality=_normality(sides),
        reason=_obstacle(sides, n),
        alpha=alpha,
    )
    if result.reason is not None:
        return result
    replicates = None
    if bootstrap.obstacle is None:
        replicates = bootstrap.replicate(
            resampled_srccs([side.quality for side in sides], opinion, bootstrap.clusters)
        )
    pairs = []
    for i, j in combinations(range(len(sides)), 2):
        error = None if replicates is None else bootstrap.standard_error(replicates[:, i] - replicates[:, j])
        pairs.append(_pair(sides[i], sides[j], error, bootstrap, alpha))
    return replace(result, pairs=_corrected(pairs))


def _quality(name: str, values: ArrayLike, lower_is_better: Mapping[str, bool], n: int) -> Vector:
    """Scores turned so that higher is better."""
    vector = as_vector(values, name)
    if len(vector) != n:
        raise UsageError(f"{name} has {len(vector)} values, the target has {n}")
    if name not in lower_is_better:
        raise UsageError(f"{name}: say whether lower is better")
    return -vector if lower_is_better[name] else vector


def _normality(sides: Sequence[Side]) -> dict[str, tuple[float, float]]:
    """Of each metric's residuals the first test that can be had."""
    tests = {side.name: normality(side.residuals) for side in sides if side.residuals is not None}
    return {name: next(iter(results.values())) for name, results in tests.items() if results}


def _obstacle(sides: Sequence[Side], n: int) -> str | None:
    """Why nothing can be compared."""
    if len(sides) < 2:
        return "a comparison needs two metrics"
    if n < MIN_PAIRS:
        return f"only {n} items have a target and a score of every metric: a comparison needs {MIN_PAIRS}"
    if is_constant(sides[0].opinion):
        return "every target is the same"
    return None


def _pair(first: Side, second: Side, error: float | None, bootstrap: Bootstrap, alpha: float) -> PairTest:
    """Before the correction; ``error`` is the standard error of the difference of the two SRCCs."""
    difference = None if first.srcc is None or second.srcc is None else first.srcc - second.srcc
    interval = None
    if difference is not None and error is not None:
        interval = difference - bootstrap.reach * error, difference + bootstrap.reach * error
    outcomes = {
        "bootstrap": bootstrap_test(difference, error, bootstrap),
        "steiger": steiger_test(first, second),
        "williams": williams_test(first, second),
        "f": f_test(first, second),
        "t": t_test(first, second),
    }
    p = {test: None if isinstance(outcome, str) else outcome[0] for test, outcome in outcomes.items()}
    return PairTest(
        first=first.name,
        second=second.name,
        srcc_difference=difference,
        interval=interval,
        p=p,
        p_holm=p,
        ahead={
            test: first.name if outcome[1] > 0 else second.name
            for test, outcome in outcomes.items()
            if not isinstance(outcome, str)
        },
        reasons={test: outcome for test, outcome in outcomes.items() if isinstance(outcome, str)},
        alpha=alpha,
    )


def _corrected(pairs: Sequence[PairTest]) -> tuple[PairTest, ...]:
    """With p-values corrected over all pairs, each test by itself."""
    corrected: list[dict[str, float | None]] = [dict(pair.p) for pair in pairs]
    for test in TESTS:
        known = [k for k, pair in enumerate(pairs) if pair.p[test] is not None]
        p = np.array([pairs[k].p[test] for k in known], dtype=np.float64)
        # Of one-sided tests the other direction of each pair is one of the family too.
        family = np.concatenate([p, 1 - p]) if test == "t" else p
        for k, value in zip(known, holm(family), strict=False):
            corrected[k][test] = float(value)
    return tuple(replace(pair, p_holm=p_holm) for pair, p_holm in zip(pairs, corrected, strict=True))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's correction of p-values that are tested together."""
    order = np.argsort(p)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1, np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))))
    return corrected
