"""Losses against numpy and closed forms, and what leaves them as they are."""

import numpy as np
import pytest
import torch
from deepmse.plugin.learning.losses import norm_in_norm, plcc, ranking, total
from deepmse.plugin.learning.settings import LOSSES
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

VALUES = arrays(np.float64, 9, elements=st.floats(-5, 5))


def tensor(values: object) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=np.float64))


@settings(max_examples=50, deadline=None)
@given(VALUES, VALUES)
def test_plcc_is_half_of_what_the_correlation_lacks(x, y):
    assume(x.std() > 0.01 and y.std() > 0.01)
    assert float(plcc(tensor(x), tensor(y))) == pytest.approx((1 - np.corrcoef(x, y)[0, 1]) / 2, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(VALUES, VALUES)
def test_norm_in_norm_is_the_scaled_distance_of_normalised_values(x, y):
    assume(x.std() > 0.01 and y.std() > 0.01)
    unit = [(v - v.mean()) / np.linalg.norm(v - v.mean()) for v in (x, y)]
    value = float(norm_in_norm(tensor(x), tensor(y)))
    assert value == pytest.approx(np.abs(unit[0] - unit[1]).sum() / (2 * 3), abs=1e-6)
    assert 0 <= value <= 1


@settings(max_examples=50, deadline=None)
@given(VALUES, st.floats(0.5, 5), st.floats(-5, 5))
def test_correlation_losses_do_not_see_scale_and_offset(x, scale, offset):
    assume(x.std() > 0.01)
    y = np.arange(9.0)
    for loss in (plcc, norm_in_norm):
        assert float(loss(tensor(scale * x + offset), tensor(y))) == pytest.approx(
            float(loss(tensor(x), tensor(y))), abs=1e-5
        )


def test_ranking_is_the_mean_logistic_loss_over_ordered_pairs():
    predicted, target = [0.3, -1.0, 2.0], [1.0, 1.0, 0.0]
    # Two pairs of different targets: the first two are each better than the third.
    expected = np.mean([np.log1p(np.exp(-(0.3 - 2.0))), np.log1p(np.exp(-(-1.0 - 2.0)))])
    assert float(ranking(tensor(predicted), tensor(target))) == pytest.approx(expected)
    assert float(ranking(tensor(predicted), tensor([1, 1, 1]))) == 0


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_lead_to_agreement(name):
    torch.manual_seed(0)
    target = torch.linspace(-1, 1, 8)
    predicted = torch.randn(8, requires_grad=True)
    optimizer = torch.optim.Adam([predicted], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        total([name])(predicted, target).backward()
        optimizer.step()
    assert predicted.detach().argsort().tolist() == list(range(8))


def test_sums_and_unknown_names():
    x, y = tensor([0.0, 1.0, 3.0]), tensor([1.0, 0.0, 2.0])
    assert float(total(["mse", "plcc"])(x, y)) == pytest.approx(float(total(["mse"])(x, y)) + float(plcc(x, y)))
