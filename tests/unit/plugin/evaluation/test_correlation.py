"""Correlations against naive re-implementations and closed forms."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation import correlate
from deepmse.plugin.evaluation.correlation import srccs_within
from hypothesis import given
from hypothesis import strategies as st

# Few distinct values, so that ties are frequent.
paired = st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=3, max_size=30).filter(
    lambda pairs: all(len(set(side)) > 1 for side in zip(*pairs, strict=True))
)


def naive_ranks(values):
    """Mean position among the sorted values, counted from one."""
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2 for value in values
    ]


def naive_pearson(x, y):
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / math.sqrt(sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y))


def naive_tau_b(x, y):
    def order(a, b):
        return (a > b) - (a < b)

    pairs = list(combinations(range(len(x)), 2))
    agreement = sum(order(x[i], x[j]) * order(y[i], y[j]) for i, j in pairs)
    untied_x = sum(x[i] != x[j] for i, j in pairs)
    untied_y = sum(y[i] != y[j] for i, j in pairs)
    return agreement / math.sqrt(untied_x * untied_y)


@given(paired)
def test_statistics_equal_naive_ones(pairs):
    x, y = zip(*pairs, strict=True)
    found = correlate(x, y)
    assert found.srcc == pytest.approx(naive_pearson(naive_ranks(x), naive_ranks(y)), abs=1e-12)
    assert found.krcc == pytest.approx(naive_tau_b(x, y), abs=1e-12)
    assert found.plcc == pytest.approx(naive_pearson(x, y), abs=1e-12)
    assert found.rmse == pytest.approx(math.dist(x, y) / math.sqrt(len(x)), abs=1e-12)
    assert (found.n, found.n_missing, found.reason) == (len(pairs), 0, None)


@given(paired)
def test_rank_statistics_ignore_monotone_transforms(pairs):
    x, y = np.array(pairs, dtype=float).T
    plain, bent = correlate(x, y), correlate(np.exp(x), y**3 + y)
    assert (bent.srcc, bent.krcc) == pytest.approx((plain.srcc, plain.krcc), abs=1e-12)


@given(paired)
def test_a_turned_side_turns_every_sign(pairs):
    x, y = np.array(pairs, dtype=float).T
    plain, turned = correlate(x, y), correlate(-x, y)
    expected = (-plain.srcc, -plain.krcc, -plain.plcc)
    assert (turned.srcc, turned.krcc, turned.plcc) == pytest.approx(expected, abs=1e-12)


def test_missing_values_are_left_out_and_counted():
    found = correlate([1, 2, None, 4, 5, math.nan], [2, 4, 1, math.nan, 9, math.nan])
    assert (found.n, found.n_missing) == (3, 3)
    assert replace(found, n_missing=0) == correlate([1, 2, 5], [2, 4, 9])


@pytest.mark.parametrize(
    ("score", "target", "n", "reason"),
    [
        ([], [], 0, "no pair has both"),
        ([math.nan, 1.0], [1.0, math.nan], 0, "no pair has both"),
        ([1, 2], [1, 2], 2, "only 2 pairs"),
        ([1, math.nan, math.nan], [1, 2, 3], 1, "only 1 pair:"),
    ],
)
def test_too_few_pairs_have_no_statistic(score, target, n, reason):
    found = correlate(score, target)
    assert (found.n, found.srcc, found.krcc, found.plcc, found.rmse) == (n, None, None, None, None)
    assert reason in found.reason


@pytest.mark.parametrize("constant", [0.0, 7.0, 0.1, math.inf])
def test_a_constant_side_has_no_correlation(constant):
    varied = [1.0, 2.0, 3.0]
    for found, side in (
        (correlate([constant] * 3, varied), "score"),
        (correlate(varied, [constant] * 3), "target"),
    ):
        assert (found.srcc, found.krcc, found.plcc) == (None, None, None)
        assert found.reason == f"every {side} is the same"


def test_constant_but_for_rounding_is_constant():
    assert correlate([0.3, 0.1 + 0.2, 0.3], [1, 2, 3]).reason == "every score is the same"


def test_tiny_scores_are_not_constant():
    assert correlate([0, 1e-30, 2e-30, 3e-30], [1, 2, 3, 4]).plcc == pytest.approx(1)


def test_infinite_scores_have_ranks_only():
    found = correlate([math.inf, 40, 30, math.inf, 20], [5, 4, 3, 5, 2])
    assert (found.n, found.srcc, found.krcc) == (5, pytest.approx(1), pytest.approx(1))
    assert (found.plcc, found.rmse) == (None, None)
    assert found.reason.startswith("infinite values in 2 of 5 pairs")


@pytest.mark.parametrize("score", [["a", "b", "c"], [[1, 2, 3]], [1, 2], 5.0])
def test_unusable_input_is_a_usage_error(score):
    with pytest.raises(UsageError):
        correlate(score, [1, 2, 3])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=40))
def test_rank_correlations_within_groups_are_those_of_each_group_alone(items):
    groups, x, y = np.array(items).T
    found = srccs_within(x.astype(float), y.astype(float), groups)
    for group, srcc in zip(np.unique(groups), found, strict=True):
        alone = correlate(x[groups == group], y[groups == group]).srcc
        assert math.isnan(srcc) if alone is None else srcc == pytest.approx(alone, abs=1e-12)


def test_infinite_values_have_a_rank_within_their_group():
    x = np.array([math.inf, 1.0, math.inf, 0.0, 5.0, -math.inf])
    found = srccs_within(x, np.array([3.0, 2, 4, 1, 7, 8]), np.array([0, 0, 0, 0, 1, 1]))
    assert found[0] == pytest.approx(correlate(x[:4], [3, 2, 4, 1]).srcc)
    assert math.isnan(found[1])
