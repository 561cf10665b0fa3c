"""What a training says of itself: against the same numbers computed from the opinions."""

import numpy as np
import pytest
from deepmse.plugin.learning.results import better_than_mean, watched
from deepmse.plugin.learning.settings import Epoch, Settings


def test_errors_are_in_the_opinions_own_unit():
    opinions, mean, std = np.array([20.0, 50.0, 90.0]), 40.0, 25.0
    scores = np.array([25.0, 45.0, 70.0])
    loss = float(np.mean(((scores - opinions) / std) ** 2))
    found = watched(Epoch(3, 0.1, loss, 1.0), (opinions - mean) / std, std, Settings())
    assert found["rmse_without_fit"] == pytest.approx(np.sqrt(np.mean((scores - opinions) ** 2)))
    assert found["rmse_of_mean"] == pytest.approx(np.sqrt(np.mean((mean - opinions) ** 2)))
    assert found["in_words"] == better_than_mean(found["rmse_without_fit"], found["rmse_of_mean"])


def test_without_images_held_out_or_another_loss_there_are_none():
    assert "rmse_of_mean" not in watched(Epoch(1, 0.1, None), None, 1.0, Settings())
    assert "rmse_of_mean" not in watched(Epoch(1, 0.1, 0.2), np.ones(3), 1.0, Settings(loss="plcc"))


def test_words():
    assert "miss the labels by 9.0 of 100 (RMSE, without a fit): 25% less than the labels' mean" in better_than_mean(
        9, 12
    )
    assert "50% more than the labels' mean" in better_than_mean(18, 12)
    assert "as much as the labels' mean" in better_than_mean(12, 12)
