"""Scores as a filter, against counting by hand."""

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation.filtering import worst
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

HIGHER = {"lower_is_better": False, "target_lower_is_better": False}


def test_the_worst_fifth_by_hand():
    scores = [5, 1, 4, None, 2, 3, 9, 8, 7, 6, 10]
    opinions = [50, 12, 40, 0, 20, 30, 90, 80, 70, 60, 100]
    found = worst(scores, opinions, 20, **HIGHER)
    assert (found.n, found.mean, found.percentile) == (2, 16, 10)
    assert found.mean_of_others == pytest.approx(520 / 8)


def test_one_image_at_least_and_ties_count_half():
    found = worst([1, 2, 3, 4], [7, 7, 7, 9], 1, **HIGHER)
    assert (found.n, found.mean, found.percentile) == (1, 7, 100 * 3 / 8)
    assert worst([1], [7], 50, **HIGHER).mean_of_others is None


@pytest.mark.parametrize("percent", [0, 100, -5, float("nan")])
def test_no_share(percent):
    with pytest.raises(UsageError, match="between 0 and 100"):
        worst([1, 2], [1, 2], percent, **HIGHER)


def test_nothing_to_filter():
    with pytest.raises(UsageError, match="both a score and a target"):
        worst([1, None], [None, 2], 5, **HIGHER)


@given(
    hnp.arrays(np.float64, st.integers(2, 40), elements=st.integers(-50, 50)),
    st.floats(1, 99),
    st.randoms(use_true_random=False),
)
def test_directions_turn_scores_and_targets_and_nothing_else(scores, percent, random):
    scores = scores + np.linspace(0, 0.5, len(scores))  # no ties, whose order is the file's
    opinions = np.array([random.randint(0, 9) for _ in scores], float)
    found = worst(scores, opinions, percent, **HIGHER)
    assert worst(-scores, opinions, percent, lower_is_better=True, target_lower_is_better=False) == found
    turned = worst(scores, -opinions, percent, lower_is_better=False, target_lower_is_better=True)
    assert (turned.n, turned.mean, turned.percentile) == (found.n, -found.mean, pytest.approx(found.percentile))
    assert found.percentile == pytest.approx(stats.percentileofscore(opinions, found.mean, "mean"))
