"""Resampled statistics against the same statistics of values written out, and their errors against other ways."""

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation.bootstrap import Bootstrap
from deepmse.plugin.evaluation.kendall import krcc_error
from deepmse.plugin.evaluation.resampled import resampled_plcc, resampled_srccs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats


def sample(seed, n=60, n_clusters=12, distinct=8):
    """Scores and targets with ties, and clusters of unequal size."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, distinct, n).astype(float)
    x = y + rng.integers(0, distinct, n)
    return x, y, np.concatenate([np.arange(n_clusters), rng.integers(n_clusters, size=n - n_clusters)])


def times_of(seed, n_clusters, k=7):
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=k).T.astype(float)


def written_out(values, clusters, times):
    """The values of one resample, each as often as its cluster was drawn."""
    return np.repeat(values, times[clusters].astype(int), axis=0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_resampled_correlations_are_those_of_values_written_out(seed):
    x, y, clusters = sample(seed)
    times = times_of(seed, 12)
    srccs = resampled_srccs([x, -x], y, clusters)(times)
    plccs = resampled_plcc(x, y, clusters)(times)
    assert srccs.shape == (7, 2)
    for k in range(7):
        drawn_x, drawn_y = (written_out(values, clusters, times[:, k]) for values in (x, y))
        assert srccs[k, 0] == pytest.approx(stats.spearmanr(drawn_x, drawn_y).statistic, abs=1e-12)
        assert srccs[k, 1] == pytest.approx(-srccs[k, 0], abs=1e-12)
        assert plccs[k] == pytest.approx(stats.pearsonr(drawn_x, drawn_y).statistic, abs=1e-12)


def test_infinite_scores_are_resampled_by_rank():
    x, y = np.array([np.inf, 3, 2, np.inf, 1, 0]), np.array([5.0, 4, 2, 3, 1, 0])
    times = times_of(0, 6)
    for found, drawn in zip(resampled_srccs([x], y, np.arange(6))(times)[:, 0], times.T, strict=True):
        ranks = stats.rankdata(np.repeat(x, drawn.astype(int)))
        assert found == pytest.approx(stats.spearmanr(ranks, np.repeat(y, drawn.astype(int))).statistic)


def test_a_resample_of_one_item_has_no_correlation():
    times = np.array([[3.0, 1], [0, 1], [0, 1]])
    x, y = np.array([1.0, 2, 3]), np.array([1.0, 3, 2])
    assert np.isnan(resampled_srccs([x], y, np.arange(3))(times)[0, 0])
    assert np.isnan(resampled_plcc(x, y, np.arange(3))(times)[0])


def test_whole_clusters_are_drawn_as_often_as_there_are_any():
    clusters = np.array([5, 5, 5, 9, 9, 7])
    draws = Bootstrap.of(clusters, 3000, 0).replicate(lambda times: times.T)
    assert draws.shape == (3000, 3)
    assert np.all(draws.sum(axis=1) == 3)
    assert draws.mean(axis=0) == pytest.approx(np.ones(3), abs=0.05)
    assert draws.var(axis=0) == pytest.approx(np.full(3, 2 / 3), abs=0.06)


def test_the_same_seed_draws_the_same():
    x, y, clusters = sample(0)
    statistic = resampled_srccs([x], y, clusters)
    first, again, other = (Bootstrap.of(clusters, 200, seed).replicate(statistic) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_standard_error_is_that_of_scipys_bootstrap():
    rng = np.random.default_rng(8)
    y = rng.normal(size=80)
    x = y + rng.normal(size=80)
    bootstrap = Bootstrap.of(np.arange(80), 4000, 1)
    found = bootstrap.standard_error(bootstrap.replicate(resampled_srccs([x], y, np.arange(80)))[:, 0])
    reference = stats.bootstrap(
        (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False, n_resamples=4000, rng=2
    ).standard_error
    assert found == pytest.approx(reference * np.sqrt(80 / 79), rel=0.05)


def test_of_too_many_undefined_resamples_there_is_no_error():
    bootstrap = Bootstrap.of(np.arange(10), 100, 0)
    values = np.random.default_rng(0).normal(size=100)
    values[:5] = np.nan
    assert bootstrap.standard_error(values) == pytest.approx(np.std(values[5:], ddof=1) * np.sqrt(10 / 9))
    values[5] = np.inf
    assert bootstrap.standard_error(values) is None


def test_too_few_resamples_are_refused():
    with pytest.raises(UsageError, match="10 resamples are too few"):
        Bootstrap.of(np.arange(10), 10, 0)


def weighted_tau_b(x, y, weights):
    order = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    pairs = np.outer(weights, weights)
    return np.sum(pairs * order) / np.sqrt(np.sum(pairs * (x[:, None] != x)) * np.sum(pairs * (y[:, None] != y)))


@pytest.mark.parametrize("seed", range(4))
def test_the_error_of_tau_b_follows_from_its_numerical_derivatives(seed):
    x, y, clusters = sample(seed)
    influence = []
    for cluster in range(12):
        step = 1e-5 * (clusters == cluster)
        influence.append((weighted_tau_b(x, y, 1 + step) - weighted_tau_b(x, y, 1 - step)) / 2e-5)
    expected = np.sqrt(12 / 11 * np.sum(np.square(influence)))
    assert krcc_error(x, y, clusters, 12) == pytest.approx(expected, rel=1e-6)


def test_the_error_of_tau_b_is_that_of_the_bootstrap():
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(60), 3)
    y = rng.normal(size=180) + rng.normal(size=60)[clusters]
    x = y + rng.normal(size=180)
    drawn = [np.concatenate([np.flatnonzero(clusters == c) for c in rng.integers(60, size=60)]) for _ in range(400)]
    bootstrapped = np.std([stats.kendalltau(x[index], y[index]).statistic for index in drawn])
    assert krcc_error(x, y, clusters, 60) == pytest.approx(bootstrapped, rel=0.12)
