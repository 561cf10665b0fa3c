"""Residuals against least squares and tests of statsmodels, and what a plot of them needs."""

import math

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation import analyse_residuals, fit_curve
from scipy import stats
from statsmodels.stats.stattools import jarque_bera, omni_normtest


def sample(seed=0, n=300):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0, 1, n)
    return score, 50 * np.tanh(3 * score) + 5 * rng.normal(size=n)


def test_residuals_are_what_the_curve_leaves():
    score, target = sample()
    found = analyse_residuals(score, target)
    predicted = fit_curve(score, target).predict(score)
    assert found.n == 300
    assert found.predicted == pytest.approx(predicted)
    assert found.residuals == pytest.approx(target - predicted)
    assert found.mean == pytest.approx(0, abs=1e-6)
    assert found.std == pytest.approx(np.std(target - predicted, ddof=1))
    assert (found.fit.kind, found.reason) == ("logistic5", None)


def test_positive_is_better_than_predicted_whatever_the_direction():
    score, target = sample()
    higher = analyse_residuals(score, target)
    lower = analyse_residuals(score, -target, target_lower_is_better=True)
    assert lower.residuals == pytest.approx(higher.residuals, abs=1e-4)
    assert np.argmax(higher.residuals) == np.argmax(target - higher.predicted)


def test_the_regression_line_is_of_prediction_on_target():
    score, target = sample(1)
    found = analyse_residuals(score, target)
    slope, intercept = np.polyfit(target, found.predicted, 1)
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept))
    assert found.r2 == pytest.approx(np.corrcoef(target, found.predicted)[0, 1] ** 2)


def test_normality_is_that_of_statsmodels_and_scipy():
    score, target = sample(2)
    found = analyse_residuals(score, target)
    statistic, p, skewness, kurtosis = jarque_bera(found.residuals)
    assert found.normality["jarque-bera"] == pytest.approx((statistic, p))
    assert (found.skewness, found.kurtosis) == pytest.approx((skewness, kurtosis - 3))
    assert found.normality["dagostino"] == pytest.approx(tuple(omni_normtest(found.residuals)))
    assert found.normality["shapiro"] == pytest.approx(tuple(stats.shapiro(found.residuals)))
    assert min(p for _, p in found.normality.values()) > 0.05


def test_skewed_residuals_are_not_normal():
    score, target = sample(3)
    target += 10 * np.random.default_rng(3).exponential(size=target.size)
    found = analyse_residuals(score, target)
    assert max(p for _, p in found.normality.values()) < 1e-4
    assert found.skewness > 0.5


def test_tests_are_left_out_where_their_p_is_not_known():
    score, target = sample(4, n=6000)
    assert set(analyse_residuals(score, target).normality) == {"dagostino", "jarque-bera"}
    assert set(analyse_residuals(score[:12], target[:12]).normality) == {"shapiro"}


def test_plots_have_every_residual_once():
    score, target = sample(5)
    found = analyse_residuals(score, target)
    counts, edges = found.histogram
    assert counts.sum() == 300
    assert (edges[0], edges[-1]) == pytest.approx((found.residuals.min(), found.residuals.max()))
    theoretical, ordered = found.quantiles
    assert ordered == pytest.approx(np.sort(found.residuals))
    # Filliben's estimate of the median of each order statistic
    assert theoretical[1:-1] == pytest.approx(stats.norm.ppf((np.arange(2, 300) - 0.3175) / 300.365))


def test_pairs_keep_their_place_when_others_are_missing():
    score, target = sample(6, n=40)
    score[3], target[7] = math.nan, math.nan
    found = analyse_residuals(score, target)
    assert list(found.index) == [i for i in range(40) if i not in (3, 7)]
    assert found.residuals == pytest.approx(target[found.index] - found.fit.predict(score[found.index]))
    assert found.n == 38


def test_a_curve_through_every_point_leaves_nothing_to_test():
    found = analyse_residuals([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 12])
    assert found.residuals == pytest.approx(np.zeros(6), abs=1e-12)
    assert (found.skewness, found.kurtosis, found.normality) == (None, None, {})
    assert "every point" in found.reason
    assert found.r2 == pytest.approx(1)


@pytest.mark.parametrize(
    ("score", "target", "reason"),
    [
        ([1, 2], [1, 2], "only 2 pairs"),
        ([1, 1, 1], [1, 2, 3], "every score is the same"),
        ([1, math.inf, 3], [1, 2, 3], "infinite values in 1 of 3"),
    ],
)
def test_nothing_to_analyse_has_a_reason(score, target, reason):
    found = analyse_residuals(score, target)
    assert reason in found.reason
    assert (found.fit, found.r2, len(found.residuals), found.normality) == (None, None, 0, {})


def test_a_flat_curve_explains_nothing():
    found = analyse_residuals([1, 2, 3, 4, 5], [1, 2, 3, 2, 1])
    assert found.r2 == pytest.approx(0, abs=1e-12)
    assert found.std == pytest.approx(np.std([1, 2, 3, 2, 1], ddof=1))


def test_unequal_lengths_are_refused():
    with pytest.raises(UsageError, match="differ in length"):
        analyse_residuals([1, 2, 3], [1, 2])
