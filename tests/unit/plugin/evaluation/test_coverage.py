"""Confidence intervals and tests by simulation, against population values known in closed form.

Scores and targets are bivariate normal, so that SRCC is 6/pi asin(rho/2), KRCC 2/pi asin(rho), PLCC rho and the best
curve's RMSE sqrt(1 - rho^2) (M. G. Kendall, "Rank Correlation Methods", chapter 9). A share of each variance is
common to the items of a cluster, which changes none of this.
"""

import math

import numpy as np
import pytest
from deepmse.plugin.evaluation import Fit, compare_metrics, correlate, evaluate
from deepmse.plugin.evaluation.bootstrap import Bootstrap
from deepmse.plugin.evaluation.intervals import agreement_intervals

TRIALS = 400  # of which 93 to 97 % are within two standard errors of 95 %
RHO = 0.8
CORRELATIONS = {"srcc": 6 / math.pi * math.asin(RHO / 2), "krcc": 2 / math.pi * math.asin(RHO), "plcc": RHO}


def draw(rng, correlation, n_clusters, size, share):
    """Values of jointly normal variables, (variables, items), with that share of their variance between clusters."""
    root = np.linalg.cholesky(correlation)
    common, own = rng.normal(size=(2, len(root), n_clusters, size))
    common[:] = common[..., :1]
    return root @ (math.sqrt(share) * common + math.sqrt(1 - share) * own).reshape(len(root), -1)


def by_evaluation(score, target, clusters, seed):
    (row,) = evaluate(
        {"m": score}, target, lower_is_better={"m": False}, clusters=clusters, resamples=200, seed=seed
    ).rows
    return row.intervals


def about_a_line(score, target, clusters, seed):
    """The same with a straight line, which fits as well here and is quicker found."""
    slope, intercept = np.polyfit(score, target, 1)
    line = Fit("linear", (slope, intercept), (score.min(), score.max()))
    found = correlate(score, target)
    statistics = {"srcc": found.srcc, "krcc": found.krcc, "plcc": found.plcc}
    statistics["rmse"] = np.sqrt(np.mean((target - line.predict(score)) ** 2))
    bootstrap = Bootstrap.of(np.arange(len(score)) if clusters is None else np.array(clusters), 200, seed)
    return agreement_intervals(score, target, line, statistics, bootstrap)[0]


def coverage(intervals_of, n_clusters, size, share, by_cluster=True):
    """Share of the trials in which each interval holds the population's value."""
    rng = np.random.default_rng(20)
    clusters = list(np.repeat(np.arange(n_clusters), size)) if by_cluster else None
    truth = CORRELATIONS | {"rmse": math.sqrt(1 - RHO**2)}
    held = dict.fromkeys(truth, 0)
    for trial in range(TRIALS):
        score, target = draw(rng, [[1, RHO], [RHO, 1]], n_clusters, size, share)
        for name, (low, high) in intervals_of(score, target, clusters, trial).items():
            held[name] += low <= truth[name] <= high
    return {name: count / TRIALS for name, count in held.items()}


def test_intervals_of_independent_items_hold_the_population_value_95_times_in_100():
    for name, share in coverage(by_evaluation, 200, 1, 0).items():
        assert 0.93 <= share <= 0.97, name


@pytest.mark.parametrize("n_clusters", [10, 25])
def test_intervals_of_clustered_items_hold_the_population_correlation_95_times_in_100(n_clusters):
    found = coverage(about_a_line, n_clusters, 12, 0.4)
    for name in CORRELATIONS:
        assert 0.93 <= found[name] <= 0.97, name
    assert found["rmse"] >= 0.85


def test_intervals_that_ignore_clusters_are_too_narrow():
    found = coverage(about_a_line, 25, 12, 0.4, by_cluster=False)
    for name in CORRELATIONS:
        assert found[name] < 0.85, name


def test_the_clustered_bootstrap_alone_keeps_its_level_between_equal_metrics_of_clustered_items():
    rng = np.random.default_rng(21)
    correlation = [[1, 0.6, 0.75], [0.6, 1, 0.75], [0.75, 0.75, 1]]
    clusters = list(np.repeat(np.arange(25), 12))
    rejected = dict.fromkeys(("bootstrap", "steiger", "williams"), 0)
    trials, held = 200, 0
    for trial in range(trials):
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
    assert 0.92 <= held / trials <= 0.98
    assert rejected["bootstrap"] == trials - held
    assert min(rejected["steiger"], rejected["williams"]) / trials > 0.12
