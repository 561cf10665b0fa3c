"""Means over datasets, and targets on one scale."""

import math

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation import average, evaluate, standardise
from scipy import stats


def evaluation(seed, n, name="mos", metrics=("a", "b")):
    rng = np.random.default_rng(seed)
    target = rng.normal(size=n)
    scores = {metric: target + rng.normal(size=n) for metric in metrics}
    groups = ["x", "y"] * (n // 2)
    return evaluate(scores, target, target_name=name, lower_is_better=dict.fromkeys(metrics, False), groups=groups)


def test_each_dataset_or_each_pair_counts_once():
    small, large = evaluation(0, 20), evaluation(1, 200)
    means = average([small, large])
    assert [mean.metric for mean in means] == ["a", "b"]
    assert (means[0].n, means[0].datasets, means[0].reason) == (220, 2, None)
    for name in ("srcc", "krcc", "plcc"):
        first, second = (getattr(part.rows[0], name) for part in (small, large))
        assert means[0].plain[name] == pytest.approx((first + second) / 2)
        assert means[0].weighted[name] == pytest.approx((20 * first + 200 * second) / 220)


def test_a_mean_over_a_dataset_without_a_correlation_has_a_reason():
    empty = evaluate({"a": [1, 1, 1]}, [1, 2, 3], lower_is_better={"a": False})
    (mean,) = average([evaluation(0, 20, metrics=("a",)), empty])
    assert set(mean.plain.values()) == set(mean.weighted.values()) == {None}
    assert mean.reason == "every score is the same"


def test_means_over_different_datasets_are_refused():
    with pytest.raises(UsageError, match="dmos: b is not in every evaluation"):
        average([evaluation(0, 20), evaluation(1, 20, name="dmos", metrics=("a",))])
    with pytest.raises(UsageError, match="no evaluations"):
        average([])


def test_standardised_targets_are_z_scores_and_keep_their_holes():
    values = np.random.default_rng(0).normal(40, 7, size=50)
    assert standardise(values) == pytest.approx(stats.zscore(values))
    with_holes = standardise([*values, math.nan, None])
    assert with_holes[:50] == pytest.approx(stats.zscore(values))
    assert np.isnan(with_holes[50:]).all()


@pytest.mark.parametrize("values", [[], [math.nan], [3, 3, 3], [1, math.inf]])
def test_targets_without_a_deviation_are_refused(values):
    with pytest.raises(UsageError, match="target"):
        standardise(values)
