"""Opinion scales against SciPy, closed forms and simulation."""

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.opinion import OpinionScale, as_quality
from scipy import stats
from scipy.interpolate import interp1d


@pytest.fixture
def opinions() -> np.ndarray:
    """Skewed, as mean opinion scores of photographs are."""
    return 100 * np.random.default_rng(0).beta(5, 2, 2000)


def test_opinions_run_from_0_to_100_in_the_direction_of_quality():
    np.testing.assert_allclose(as_quality([1, 3, 5], 1, 5), [0, 50, 100])
    np.testing.assert_allclose(as_quality([0, 0.25, 1], 0, 1, lower_is_better=True), [100, 75, 0])
    with pytest.raises(UsageError, match=r"label 2 is 5\.1, not on the scale 1 to 5"):
        as_quality([1, 5.1], 1, 5)
    with pytest.raises(UsageError, match="label 1 is nan"):
        as_quality([np.nan], 1, 5)
    with pytest.raises(UsageError, match="no extent"):
        as_quality([1], 1, 1)


@pytest.mark.parametrize("make", [OpinionScale.by_rank, OpinionScale.by_value])
def test_what_is_learnt_rises_with_opinion_and_is_standardised(make, opinions):
    learnt = make(opinions).to_learnt(opinions)
    assert stats.spearmanr(learnt, opinions).statistic == pytest.approx(1)
    assert learnt.mean() == pytest.approx(0, abs=0.01)
    assert learnt.std() == pytest.approx(1, abs=0.01)


def test_ranks_are_learnt_as_shares_of_lower_opinions(opinions):
    learnt = OpinionScale.by_rank(opinions).to_learnt(opinions)
    shares = (stats.rankdata(opinions) - 0.5) / len(opinions)
    np.testing.assert_allclose(learnt, (shares - shares.mean()) / shares.std(), atol=0.03)


def test_values_are_learnt_as_z_scores(opinions):
    learnt = OpinionScale.by_value(opinions).to_learnt(opinions)
    np.testing.assert_allclose(learnt, stats.zscore(opinions), atol=1e-9)


def test_many_equal_opinions_are_one_knot():
    scale = OpinionScale.by_rank([50] * 90 + [10] * 5 + [80] * 5)
    assert np.all(np.diff(scale.opinions) > 0)
    assert np.all(np.diff(scale.learnt) > 0)


@pytest.mark.parametrize("make", [OpinionScale.by_rank, OpinionScale.by_value])
def test_a_certain_prediction_goes_back_to_its_opinion(make, opinions):
    scale = make(opinions)
    inside = np.quantile(opinions, [0.01, 0.3, 0.99])
    back, deviation = scale.to_opinion(scale.to_learnt(inside), np.zeros(3))
    np.testing.assert_allclose(back, inside)
    np.testing.assert_allclose(deviation, 0, atol=1e-6)


def test_expectation_and_deviation_are_those_of_drawn_values(opinions):
    scale = OpinionScale.by_rank(opinions)
    mean, std = np.array([-1.5, 0.0, 1.4]), np.array([0.5, 0.3, 0.8])
    drawn = np.random.default_rng(1).normal(mean, std, (200_000, 3)).T
    values = interp1d(scale.learnt, scale.opinions, fill_value="extrapolate")(drawn).clip(0, 100)
    expected, deviation = scale.to_opinion(mean, std)
    np.testing.assert_allclose(expected, values.mean(1), atol=0.15)
    np.testing.assert_allclose(deviation, values.std(1), atol=0.15)


def test_opinions_never_leave_the_scale(opinions):
    scores, _ = OpinionScale.by_rank(opinions).to_opinion(np.array([-50.0, 50.0]), np.ones(2))
    np.testing.assert_allclose(scores, [0, 100])
