"""Comparisons of metrics against published examples, other libraries and naive re-implementations."""

import json
import math

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation import TESTS, compare_metrics, fit_curve
from deepmse.plugin.evaluation.dependent import steiger, williams
from deepmse.plugin.evaluation.significance import holm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

# Correlations with the target, the one between the two, n; then Williams's t and Steiger's Z as published from the
# R package cocor for correlations that were not rounded.
COCOR = [
    (-0.1741, 0.2015, 0.3734, 646, -9.0340, -8.6124),
    (0.8066, 0.2383, 0.2255, 177, 9.3823, 8.5460),
]


@pytest.mark.parametrize(("first", "second", "between", "n", "t", "z"), COCOR)
def test_dependent_correlations_as_in_the_published_examples(first, second, between, n, t, z):
    assert williams(first, second, between, n)[0] == pytest.approx(t, abs=0.003)
    assert steiger(first, second, between, n)[0] == pytest.approx(z, abs=0.003)


def test_williams_as_in_the_published_examples():
    # Steiger (1980), as the R package psych quotes it, and cocor.
    assert williams(0.4, 0.5, 0.1, 103) == pytest.approx((-0.89, 0.37), abs=0.006)
    assert williams(0.5447, 0.8, 0.0729, 70) == pytest.approx((-2.8114, 0.0065), abs=6e-4)


def test_steiger_as_in_the_published_examples():
    assert steiger(0.2493, 0.3395, 0.4082, 553) == pytest.approx((-2.0660, 0.0388), abs=3e-4)
    assert steiger(0.0228, 0.3522, 0.3718, 553)[0] == pytest.approx(-7.1345, abs=3e-4)


@pytest.mark.parametrize("test", [williams, steiger])
def test_dependent_tests_keep_their_level(test):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(2000, 60))
    first, second = target + rng.normal(size=(2, *target.shape))
    p = [
        test(*np.corrcoef([x, y, z])[[0, 1, 0], [2, 2, 1]], 60)[1]
        for x, y, z in zip(first, second, target, strict=True)
    ]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.015)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_statsmodels(p):
    assert holm(np.array(p)) == pytest.approx(multipletests(p, method="holm")[1])


def metrics(seed=0, n_clusters=25, size=16, spread=0.4):
    """A good metric and two worse ones, the last turned; targets and clusters."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(n_clusters), size)
    target = rng.normal(size=clusters.size) + spread * rng.normal(size=n_clusters)[clusters]
    noise = rng.normal(size=(3, clusters.size))
    scores = {"good": target + 0.4 * noise[0], "fair": target + 0.8 * noise[1], "poor": -(target + 1.2 * noise[2])}
    return scores, target, list(clusters)


DIRECTIONS = {"good": False, "fair": False, "poor": True}


def compare(scores, target, **settings):
    directions = {name: DIRECTIONS[name] for name in scores}
    return compare_metrics(scores, target, **({"lower_is_better": directions} | settings))


def test_each_pair_is_compared_once_and_the_better_one_named():
    scores, target, clusters = metrics()
    result = compare(scores, target, clusters=clusters)
    assert result.metrics == ("good", "fair", "poor")
    assert [(pair.first, pair.second) for pair in result.pairs] == [
        ("good", "fair"),
        ("good", "poor"),
        ("fair", "poor"),
    ]
    assert (result.n, result.clusters, result.reason) == (400, 25, None)
    for pair in result.pairs:
        assert set(pair.p) == set(pair.p_holm) == set(TESTS)
        assert [pair.better(test) for test in TESTS] == [pair.first] * len(TESTS)
        assert pair.interval[0] > 0
        assert all(pair.p[test] <= pair.p_holm[test] for test in TESTS)


def test_the_numbers_are_those_of_scipy_on_the_same_values():
    scores, target, clusters = metrics(1)
    pair = compare({"good": scores["good"], "poor": scores["poor"]}, target, clusters=clusters).pairs[0]
    good, poor = scores["good"], -scores["poor"]
    srcc = [stats.spearmanr(score, target).statistic for score in (good, poor)]
    assert pair.srcc_difference == pytest.approx(srcc[0] - srcc[1])

    between = stats.spearmanr(good, poor).statistic
    assert pair.p["steiger"] == pytest.approx(steiger(*srcc, between, 400)[1])

    fitted = [fit_curve(score, target).predict(score) for score in (good, poor)]
    r = np.corrcoef([*fitted, target])
    assert pair.p["williams"] == pytest.approx(williams(r[0, 2], r[1, 2], r[0, 1], 400)[1], rel=1e-6)

    variances = [np.var(target - values, ddof=1) for values in fitted]
    assert pair.p["f"] == pytest.approx(2 * stats.f.cdf(variances[0] / variances[1], 399, 399), rel=1e-6)

    each = [
        [stats.spearmanr(score[i : i + 16], target[i : i + 16]).statistic for i in range(0, 400, 16)]
        for score in (good, poor)
    ]
    assert pair.p["t"] == pytest.approx(stats.ttest_rel(*each, alternative="greater").pvalue)


def test_the_interval_of_the_difference_is_that_of_a_naive_bootstrap():
    scores, target, clusters = metrics(2)
    pair = compare({"good": scores["good"], "fair": scores["fair"]}, target, clusters=clusters).pairs[0]
    rng = np.random.default_rng(5)
    differences = []
    for _ in range(600):
        index = np.concatenate([16 * c + np.arange(16) for c in rng.integers(25, size=25)])
        each = [stats.spearmanr(scores[name][index], target[index]).statistic for name in ("good", "fair")]
        differences.append(each[0] - each[1])
    reach = stats.t.ppf(0.975, 24) * np.std(differences) * math.sqrt(25 / 24)
    assert np.mean(pair.interval) == pytest.approx(pair.srcc_difference)
    assert np.ptp(pair.interval) / 2 == pytest.approx(reach, rel=0.1)
    significant = abs(pair.srcc_difference) > np.ptp(pair.interval) / 2
    assert (pair.p["bootstrap"] < 0.05) == significant


def test_holm_is_taken_over_the_matrix_for_each_test():
    scores, target, clusters = metrics(3)
    scores["fair"], scores["poor"] = scores["good"] + 0.05 * scores["fair"], -scores["fair"]
    result = compare(scores, target, clusters=clusters)
    for test in TESTS[:-1]:
        p = [pair.p[test] for pair in result.pairs]
        assert [pair.p_holm[test] for pair in result.pairs] == pytest.approx(multipletests(p, method="holm")[1])
    one_sided = [pair.p["t"] for pair in result.pairs]
    both = multipletests([*one_sided, *(1 - p for p in one_sided)], method="holm")[1]
    assert [pair.p_holm["t"] for pair in result.pairs] == pytest.approx(both[:3])


def test_turned_targets_and_scores_change_nothing():
    scores, target, clusters = metrics(4)
    plain = compare(scores, target, clusters=clusters)
    turned = compare_metrics(
        {name: -values for name, values in scores.items()},
        -target,
        lower_is_better={name: not lower for name, lower in DIRECTIONS.items()},
        target_lower_is_better=True,
        clusters=clusters,
    )
    for ours, theirs in zip(plain.pairs, turned.pairs, strict=True):
        assert ours.srcc_difference == pytest.approx(theirs.srcc_difference)
        assert list(ours.p.values()) == pytest.approx(list(theirs.p.values()), rel=1e-5)


def test_a_metric_of_the_wrong_sign_is_the_worse_one():
    scores, target, clusters = metrics(5)
    result = compare_metrics(
        {"poor": scores["poor"], "wrong": scores["good"]},
        target,
        lower_is_better={"poor": True, "wrong": True},
        clusters=clusters,
    )
    (pair,) = result.pairs
    assert pair.srcc_difference > 1
    assert [pair.better(test) for test in ("bootstrap", "steiger", "williams", "t")] == ["poor"] * 4
    assert pair.better("f") == "wrong"  # residuals have no sign


def test_items_without_a_score_of_every_metric_are_left_out_of_all():
    scores, target, clusters = metrics(6)
    holes = {name: values.copy() for name, values in scores.items()}
    holes["good"][:10], holes["poor"][390:] = np.nan, np.nan
    kept = slice(10, 390)
    whole = compare(holes, target, clusters=clusters)
    part = compare({name: values[kept] for name, values in scores.items()}, target[kept], clusters=clusters[kept])
    assert whole.n == 380
    assert whole == part


def test_without_clusters_each_item_is_drawn_by_itself_and_no_t_test_can_be_had():
    scores, target, _ = metrics(7)
    result = compare(scores, target)
    assert result.clusters is None
    for pair in result.pairs:
        assert pair.p["t"] is None
        assert pair.better("t") is None
        assert "without clusters" in pair.reasons["t"]
        assert pair.p["bootstrap"] is not None


def test_with_few_clusters_the_bootstrap_gives_its_reason():
    scores, target, clusters = metrics(8, n_clusters=3, size=20)
    pair = compare(scores, target, clusters=clusters).pairs[0]
    assert (pair.p["bootstrap"], pair.interval) == (None, None)
    assert pair.reasons["bootstrap"] == "an interval needs 4 clusters, not 3"
    assert "needs 4" in pair.reasons["t"]
    assert pair.p["williams"] is not None


def test_constant_and_equal_metrics_have_reasons():
    scores, target, clusters = metrics(9)
    lower = {"same": False, "good": False, "twin": False}
    result = compare_metrics(
        {"same": np.ones(400), "good": scores["good"], "twin": 2 * scores["good"]},
        target,
        lower_is_better=lower,
        clusters=clusters,
    )
    constant, _, twins = result.pairs
    assert set(constant.p.values()) == {None}
    assert constant.srcc_difference is None
    assert set(constant.reasons) == set(TESTS)
    assert twins.srcc_difference == 0
    assert all(twins.better(test) is None for test in TESTS)
    assert "alike" in twins.reasons["bootstrap"]
    assert set(result.normality) == {"good", "twin"}


def test_infinite_scores_are_compared_by_rank():
    scores, target, clusters = metrics(10)
    scores["good"][np.argmax(target)] = math.inf
    pair = compare(scores, target, clusters=clusters).pairs[0]
    assert pair.better("bootstrap") == pair.better("steiger") == "good"
    assert pair.p["williams"] is pair.p["f"] is None
    assert pair.reasons["f"] == "no curve could be fitted"


@pytest.mark.parametrize(
    ("scores", "target", "reason"),
    [
        ({"good": [1, 2, 3, 4, 5, 6, 7, 8]}, [1, 2, 3, 4, 5, 6, 7, 8], "two metrics"),
        ({"good": [1, 2, None], "fair": [1, 2, 3]}, [1, 2, 3], "only 2 items"),
        ({"good": range(9), "fair": range(9)}, [1] * 9, "every target is the same"),
    ],
)
def test_why_nothing_can_be_compared(scores, target, reason):
    result = compare({name: list(values) for name, values in scores.items()}, target)
    assert result.pairs == ()
    assert reason in result.reason


def test_normality_of_the_residuals_is_tested():
    scores, target, _ = metrics(11)
    result = compare(scores, target)
    residuals = target - fit_curve(scores["good"], target).predict(scores["good"])
    assert result.normality["good"] == pytest.approx(tuple(stats.shapiro(residuals)), rel=1e-4)


def test_the_dictionary_is_valid_json():
    scores, target, clusters = metrics(12)
    loaded = json.loads(json.dumps(compare(scores, target, clusters=clusters).to_dict(), allow_nan=False))
    assert loaded["metrics"] == ["good", "fair", "poor"]
    assert loaded["pairs"][0]["p_holm"]["bootstrap"] < 0.05


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lower_is_better": {"good": False}}, "fair: say whether lower is better"),
        ({"clusters": [1]}, "1 cluster labels for 400"),
        ({"resamples": 3}, "3 resamples are too few"),
    ],
)
def test_contradictory_requests(settings, message):
    scores, target, _ = metrics(13)
    with pytest.raises(UsageError, match=message):
        compare(scores, target, **settings)
