"""Confidence intervals and tests by simulation, against population values known in closed form.

Scores and targets are bivariate normal, so that SRCC is 6/pi asin(rho/2), KRCC 2/pi asin(rho), PLCC rho and the best
curve's RMSE sqrt(1 - rho^2) (M. G. Kendall, "Rank Correlation Methods", chapter 9). A share of each variance is
common to the items of a cluster, which changes none of this.
"""

import math

import numpy as np
import pytest
from deepmse.plugin.evaluation import compare_metrics, evaluate

TRIALS = 400  # of which 93 to 97 % are within two standard errors of 95 %
RHO = 0.8
CORRELATIONS = {"srcc": 6 / math.pi * math.asin(RHO / 2), "krcc": 2 / math.pi * math.asin(RHO), "plcc": RHO}


def draw(rng, correlation, n_clusters, size, share):
    """Values of jointly normal variables, (variables, items), with that share of their variance between clusters."""
    root = np.linalg.cholesky(correlation)
    common, own = rng.normal(size=(2, len(root), n_clusters, size))
    common[:] = common[..., :1]
    return root @ (math.sqrt(share) * common + math.sqrt(1 - share) * own).reshape(len(root), -1)


def coverage(n_clusters, size, share, by_cluster=True, trials=TRIALS):
    """Share of the trials in which each interval holds the population's value."""
    rng = np.random.default_rng(20)
    clusters = list(np.repeat(np.arange(n_clusters), size)) if by_cluster else None
    truth = CORRELATIONS | {"rmse": math.sqrt(1 - RHO**2)}
    held = dict.fromkeys(truth, 0)
    for trial in range(trials):
        score, target = draw(rng, [[1, RHO], [RHO, 1]], n_clusters, size, share)
        (row,) = evaluate(
            {"m": score}, target, lower_is_better={"m": False}, clusters=clusters, resamples=200, seed=trial
        ).rows
        for name, value in truth.items():
            low, high = row.intervals[name]
            held[name] += low <= value <= high
    return {name: count / trials for name, count in held.items()}


@pytest.mark.parametrize(
    ("n_clusters", "size", "share"),
    [(200, 1, 0), (10, 12, 0.4), (25, 12, 0.4)],
    ids=["items", "10 references", "25 references"],
)
def test_intervals_hold_the_population_correlation_95_times_in_100(n_clusters, size, share):
    found = coverage(n_clusters, size, share)
    for name in CORRELATIONS:
        assert 0.93 <= found[name] <= 0.97, (name, found)
    assert found["rmse"] >= (0.93 if size == 1 else 0.84), found


def test_intervals_that_ignore_clusters_are_too_narrow():
    found = coverage(25, 12, 0.4, by_cluster=False, trials=150)
    for name in CORRELATIONS:
        assert found[name] < 0.85, (name, found)


def test_the_clustered_bootstrap_alone_keeps_its_level_between_equal_metrics_of_clustered_items():
    rng = np.random.default_rng(21)
    correlation = [[1, 0.6, 0.75], [0.6, 1, 0.75], [0.75, 0.75, 1]]
    clusters = list(np.repeat(np.arange(25), 12))
    rejected = dict.fromkeys(("bootstrap", "steiger", "williams"), 0)
    held = 0
    for trial in range(TRIALS):
        first, second, target = draw(rng, correlation, 25, 12, 0.4)
        (pair,) = compare_metrics(
            {"a": first, "b": second},
            target,
            lower_is_better={"a": False, "b": False},
            clusters=clusters,
            resamples=200,
            seed=trial,
        ).pairs
        for test in rejected:
            rejected[test] += pair.p[test] < 0.05
        held += pair.interval[0] <= 0 <= pair.interval[1]
    assert 0.93 <= held / TRIALS <= 0.97
    assert rejected["bootstrap"] / TRIALS == pytest.approx(1 - held / TRIALS)
    assert min(rejected["steiger"], rejected["williams"]) / TRIALS > 0.12
