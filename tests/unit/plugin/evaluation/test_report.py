"""The table: signs, groups, counts and reasons."""

import json
import math

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation import evaluate, fit_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

SIGNED = ("srcc", "krcc", "plcc", "plcc_raw")


def sample(seed=0, n=80):
    """Quality, and an opinion of it: both higher is better."""
    rng = np.random.default_rng(seed)
    quality = rng.uniform(0, 1, n)
    return quality, 100 * quality**2 + rng.normal(scale=4, size=n)


def one_row(score, target, lower, target_lower):
    result = evaluate({"m": score}, target, lower_is_better={"m": lower}, target_lower_is_better=target_lower)
    (row,) = result.rows
    return row


def test_statistics_are_those_of_scipy_before_and_after_the_fit():
    score, target = sample()
    row = one_row(score, target, False, False)
    predicted = fit_curve(score, target).predict(score)
    assert row.srcc == pytest.approx(stats.spearmanr(score, target).statistic)
    assert row.krcc == pytest.approx(stats.kendalltau(score, target).statistic)
    assert row.plcc_raw == pytest.approx(stats.pearsonr(score, target).statistic)
    assert row.rmse_raw == pytest.approx(np.sqrt(np.mean((score - target) ** 2)))
    assert row.plcc == pytest.approx(stats.pearsonr(predicted, target).statistic)
    assert row.rmse == pytest.approx(np.sqrt(np.mean((predicted - target) ** 2)))
    assert row.plcc > row.plcc_raw
    assert (row.metric, row.group, row.n, row.n_missing) == ("m", "all", 80, 0)
    assert (row.fit, row.reason) == ("logistic5", None)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("target_lower", [False, True])
def test_agreement_is_positive_whatever_the_directions(lower, target_lower):
    score, target = sample()
    row = one_row(-score if lower else score, -target if target_lower else target, lower, target_lower)
    expected = one_row(score, target, False, False)
    for name in (*SIGNED, "rmse"):
        assert getattr(row, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    assert row.srcc > 0.9


@pytest.mark.parametrize("linear", [False, True])
def test_disagreement_is_negative_everywhere(linear):
    score, target = sample()
    if linear:
        score = np.round(score * 4)
    row = one_row(score, target, True, False)
    assert row.fit == ("linear" if linear else "logistic5")
    for name in SIGNED:
        assert getattr(row, name) < -0.5


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), lower=st.booleans(), target_lower=st.booleans())
def test_a_flipped_declaration_flips_every_sign_and_nothing_else(seed, lower, target_lower):
    rng = np.random.default_rng(seed)
    score, target = rng.normal(size=(2, 25))
    row = one_row(score, target, lower, target_lower)
    flipped = one_row(score, target, not lower, target_lower)
    for name in SIGNED:
        assert getattr(flipped, name) == -getattr(row, name)
    for name in ("n", "rmse", "rmse_raw", "fit", "reason"):
        assert getattr(flipped, name) == getattr(row, name)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    scale=st.floats(-4, 4).map(lambda power: 10**power),
    shift=st.floats(-50, 50),
)
def test_fitted_statistics_follow_a_change_of_unit(seed, scale, shift):
    score, target = sample(seed)
    row = one_row(score, target, False, False)
    rescaled_score = one_row(scale * score + shift * scale, target, False, False)
    rescaled_target = one_row(score, scale * target + shift, False, False)
    assert rescaled_score.plcc == pytest.approx(row.plcc, abs=1e-6)
    assert rescaled_score.rmse == pytest.approx(row.rmse, rel=1e-5)
    assert rescaled_target.plcc == pytest.approx(row.plcc, abs=1e-6)
    assert rescaled_target.rmse == pytest.approx(scale * row.rmse, rel=1e-5)


def test_unrelated_score_has_a_fitted_correlation_of_zero():
    score, target = [1, 2, 3, 4, 5], [1, 2, 3, 2, 1]
    row = one_row(score, target, False, False)
    assert (row.srcc, row.plcc, row.plcc_raw) == pytest.approx((0, 0, 0), abs=1e-12)
    assert row.rmse == pytest.approx(np.std(target))


def test_groups_are_evaluated_apart_in_natural_order():
    score, target = sample(n=60)
    labels = ["level 10", "level 2", "Level 1", "", None, math.nan] * 10
    rows = evaluate({"m": score}, target, lower_is_better={"m": False}, groups=labels).rows
    assert [row.group for row in rows] == ["all", "Level 1", "level 2", "level 10", "(none)"]
    assert [row.n for row in rows] == [60, 10, 10, 10, 30]
    chosen = np.array([label == "level 2" for label in labels])
    alone = one_row(score[chosen], target[chosen], False, False)
    assert (rows[2].srcc, rows[2].plcc, rows[2].rmse) == (alone.srcc, alone.plcc, alone.rmse)


def test_whole_numbers_as_groups():
    score, target = sample(n=33)
    rows = evaluate({"m": score}, target, lower_is_better={"m": False}, groups=[10, 9, 1] * 11).rows
    assert [row.group for row in rows] == ["all", "1", "9", "10"]


def test_each_metric_has_its_own_missing_values_and_direction():
    score, target = sample(n=20)
    holes = score.copy()
    holes[:4] = np.nan
    result = evaluate(
        {"good": score, "holes": -holes, "void": [None] * 20},
        target,
        target_name="mos",
        lower_is_better={"good": False, "holes": True, "void": False},
    )
    good, with_holes, void = result.rows
    assert (good.n, with_holes.n, with_holes.n_missing, void.n, void.n_missing) == (20, 16, 4, 0, 20)
    assert good.srcc > 0.8
    assert with_holes.srcc == pytest.approx(stats.spearmanr(score[4:], target[4:]).statistic)
    assert void.reason == "no pair has both a score and a target"
    assert (void.srcc, void.krcc, void.plcc, void.rmse, void.plcc_raw, void.rmse_raw, void.fit) == (None,) * 7


def test_infinite_scores_leave_the_linear_statistics_empty():
    score, target = sample(n=20)
    score[np.argmax(target)] = math.inf
    row = one_row(score, target, False, False)
    assert row.n == 20
    assert row.srcc == pytest.approx(stats.spearmanr(score, target).statistic)
    assert (row.plcc, row.rmse, row.plcc_raw, row.rmse_raw, row.fit) == (None,) * 5
    assert "infinite values in 1 of 20 pairs" in row.reason


def test_the_dictionary_is_valid_json():
    score, target = sample(n=12)
    score[0] = np.nan
    labels = ["a"] * 9 + ["b"] * 3
    result = evaluate({"m": score}, target, target_name="mos", lower_is_better={"m": False}, groups=labels)
    loaded = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert loaded["target"] == "mos"
    assert [(row["metric"], row["group"], row["n"], row["n_missing"]) for row in loaded["rows"]] == [
        ("m", "all", 11, 1),
        ("m", "a", 8, 1),
        ("m", "b", 3, 0),
    ]
    assert loaded["rows"][0]["srcc"] == result.rows[0].srcc


@pytest.mark.parametrize(
    ("scores", "lower", "groups", "message"),
    [
        ({"m": [1, 2]}, {"m": False}, None, "m has 2 values, mos has 3"),
        ({"m": [1, 2, 3]}, {}, None, "m: say whether lower is better"),
        ({"m": [1, "x", 3]}, {"m": False}, None, "m: not a sequence of numbers"),
        ({"m": [1, 2, 3]}, {"m": False}, ["a"], "1 group labels for 3 targets"),
    ],
)
def test_contradictory_requests(scores, lower, groups, message):
    with pytest.raises(UsageError, match=message):
        evaluate(scores, [1, 2, 3], target_name="mos", lower_is_better=lower, groups=groups)


def test_ten_thousand_points_in_25_groups_have_26_rows():
    rng = np.random.default_rng(0)
    quality = rng.uniform(0, 1, 10_000)
    score = np.exp(-3 * quality + 0.3 * rng.normal(size=quality.size))
    labels = [f"type {i}" for i in rng.integers(0, 25, quality.size)]
    rows = evaluate({"m": score}, quality, lower_is_better={"m": True}, groups=labels).rows
    assert len(rows) == 26
    assert min(row.plcc for row in rows) > 0.8


def test_within_references_each_counts_once_and_none_is_invented():
    rng = np.random.default_rng(3)
    references = np.repeat(["a", "b", "c", "d"], [12, 9, 7, 2])
    target = rng.normal(size=30)
    score = -target + 0.3 * rng.normal(size=30) + 40 * (references == "b")
    row = evaluate({"m": score}, target, lower_is_better={"m": True}, references=list(references)).rows[0]
    each = [-stats.spearmanr(score[references == name], target[references == name]).statistic for name in "abc"]
    assert row.srcc_within == pytest.approx(np.mean(each))
    assert row.n_within == 3
    assert row.srcc_within > row.srcc


def test_without_references_nothing_is_said_of_them():
    row = evaluate({"m": [1, 2, 3]}, [1, 2, 3], lower_is_better={"m": False}).rows[0]
    assert (row.srcc_within, row.n_within) == (None, 0)


def test_a_group_called_all_does_not_replace_the_whole():
    result = evaluate({"m": [1, 2, 3, 4]}, [1, 2, 3, 4], lower_is_better={"m": False}, groups=["all"] * 3 + ["x"])
    assert [(row.group, row.n) for row in result.rows] == [("all", 4), ("all (group)", 3), ("x", 1)]


def test_mean_absolute_error_and_outliers_are_those_of_the_fitted_curve():
    score, target = sample(5)
    deviation = np.random.default_rng(5).uniform(0.5, 4, target.size)
    residuals = target - fit_curve(score, target).predict(score)
    row = evaluate({"m": score}, target, lower_is_better={"m": False}, target_std=deviation).rows[0]
    assert row.mae == pytest.approx(np.mean(np.abs(residuals)))
    assert row.outlier_ratio == np.mean(np.abs(residuals) > 2 * deviation)
    assert 0 < row.outlier_ratio < 1


def test_pairs_without_a_deviation_are_no_outliers_and_no_others():
    score, target = sample(6)
    deviation = np.full(target.size, 2.0)
    deviation[::2] = np.nan
    row = evaluate({"m": score}, target, lower_is_better={"m": False}, target_std=deviation).rows[0]
    residuals = (target - fit_curve(score, target).predict(score))[1::2]
    assert row.outlier_ratio == np.mean(np.abs(residuals) > 4)
    without = evaluate({"m": score}, target, lower_is_better={"m": False}, target_std=[None] * target.size).rows[0]
    assert without.outlier_ratio is None


@pytest.mark.parametrize("deviation", [[1.0], [-1.0] * 80])
def test_impossible_deviations_are_refused(deviation):
    score, target = sample()
    with pytest.raises(UsageError, match="target_std: needs 80 standard deviations, none negative"):
        evaluate({"m": score}, target, lower_is_better={"m": False}, target_std=deviation)


def test_the_curve_can_be_chosen():
    score, target = sample()
    rows = {
        curve: evaluate({"m": score}, target, lower_is_better={"m": False}, curve=curve).rows[0]
        for curve in ("logistic4", "logistic5")
    }
    assert {curve: row.fit for curve, row in rows.items()} == {curve: curve for curve in rows}
    assert rows["logistic5"].rmse <= rows["logistic4"].rmse


def test_each_statistic_lies_in_its_interval_and_more_pairs_narrow_it():
    few, many = (
        evaluate({"m": score}, target, lower_is_better={"m": False}, resamples=300).rows[0]
        for score, target in (sample(7, 60), sample(7, 2000))
    )
    for row in (few, many):
        assert set(row.intervals) == {"srcc", "krcc", "plcc", "rmse"}
        assert row.intervals_reason is None
        for name, (low, high) in row.intervals.items():
            assert low < getattr(row, name) < high
    for name in few.intervals:
        assert np.ptp(many.intervals[name]) < np.ptp(few.intervals[name])


def test_intervals_turn_with_the_declared_directions():
    score, target = sample(8)
    agreeing = evaluate({"m": score}, target, lower_is_better={"m": False}, resamples=300).rows[0]
    against = evaluate({"m": score}, target, lower_is_better={"m": True}, resamples=300).rows[0]
    for name in ("srcc", "krcc", "plcc"):
        low, high = agreeing.intervals[name]
        assert against.intervals[name] == pytest.approx((-high, -low))
    assert against.intervals["rmse"] == agreeing.intervals["rmse"]


def test_intervals_are_the_same_for_the_same_seed_and_absent_unless_asked_for():
    score, target = sample(9)

    def intervals(**settings):
        return evaluate({"m": score}, target, lower_is_better={"m": False}, **settings).rows[0].intervals

    assert intervals() == {}
    assert intervals(resamples=200) == intervals(resamples=200)
    assert intervals(resamples=200) != intervals(resamples=200, seed=1)
    assert intervals(resamples=200, clusters=[None] * 80) == intervals(resamples=200)


def test_with_few_pairs_or_clusters_an_interval_is_absent_and_the_reason_given():
    score, target = sample(10, n=60)
    clusters = np.repeat(["a", "b", "c", "d", "e"], 12)
    groups = ["many"] * 36 + ["few"] * 19 + ["five"] * 5
    rows = evaluate(
        {"m": score}, target, lower_is_better={"m": False}, groups=groups, clusters=list(clusters), resamples=200
    ).rows
    reasons = {row.group: row.intervals_reason for row in rows}
    assert reasons == {
        "all": None,
        "five": "an interval needs 8 pairs, not 5",
        "few": "an interval needs 4 clusters, not 2",
        "many": "an interval needs 4 clusters, not 3",
    }
    assert [bool(row.intervals) for row in rows] == [True, False, False, False]
    assert all(row.reason is None for row in rows)


def test_perfect_agreement_has_no_interval_of_rank_correlation():
    target = np.random.default_rng(0).normal(size=40)
    row = evaluate({"m": np.exp(target)}, target, lower_is_better={"m": False}, resamples=200).rows[0]
    assert row.srcc == pytest.approx(1)
    assert set(row.intervals) == {"plcc", "rmse"}
    assert row.intervals_reason == "no interval of srcc, krcc: the agreement is perfect"


def test_infinite_scores_have_intervals_of_rank_correlation_only():
    score, target = sample(11)
    score[np.argmax(target)] = math.inf
    row = evaluate({"m": score}, target, lower_is_better={"m": False}, resamples=200).rows[0]
    assert set(row.intervals) == {"srcc", "krcc"}


def test_intervals_of_ten_thousand_items_are_as_wide_as_theory_says():
    rng = np.random.default_rng(0)
    target = rng.normal(size=10_000)
    scores = {f"m{i}": target + rng.normal(size=target.size) for i in range(3)}
    rows = evaluate(scores, target, lower_is_better=dict.fromkeys(scores, False), resamples=1000).rows
    # Bonett and Wright (2000): the standard error of artanh(SRCC) is about sqrt((1 + r^2 / 2) / (n - 3)).
    for row in rows:
        expected = 2 * 1.96 * math.sqrt((1 + row.srcc**2 / 2) / 9997)
        assert np.ptp(np.arctanh(row.intervals["srcc"])) == pytest.approx(expected, rel=0.1)
