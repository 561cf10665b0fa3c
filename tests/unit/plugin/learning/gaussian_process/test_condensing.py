"""A process on many examples against the exact one in double precision, and what is left when few say it again."""

import numpy as np
import pytest
import torch
from deepmse.plugin.learning.gaussian_process.condensing import Process, condense, covariance
from deepmse.plugin.learning.regressors import GaussianProcess, Groups, Hyperparameters
from sklearn.gaussian_process.kernels import Matern

GROUPS = Groups((3, 2), 4)
NUMBERS = Hyperparameters(matern=0.5, length=1.5, linear=0.2, noise=0.1)


def made(n: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, GROUPS.size))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 3] ** 2 - 0.3 * x[:, 7] + rng.normal(0, 0.3, n)
    return x, y - y.mean()


def test_the_covariance_is_a_sum_of_scikit_learns_matern_terms_and_a_linear_one():
    a, b = made(30)[0], made(20, 1)[0]
    terms = [0.5 * Matern(1.5, nu=2.5)(a[:, at], b[:, at]) for at in (slice(0, 3), slice(3, 5))]
    found = covariance(GROUPS, NUMBERS, torch.from_numpy(a), torch.from_numpy(b))
    np.testing.assert_allclose(found, sum(terms) + 0.2 * a[:, 5:] @ b[:, 5:].T, atol=1e-9)


def test_a_process_in_single_precision_is_the_exact_one():
    x, y = made(300)
    new = made(50, 1)[0]
    exact = GaussianProcess(GROUPS, NUMBERS).fit(x, y)
    found = Process.fit(GROUPS, NUMBERS, x, y, np.ones(300))
    np.testing.assert_allclose(found.mean(new), exact.predict(new).mean, atol=1e-3)
    np.testing.assert_allclose(found.linear_weights(), exact.linear_weights(), atol=1e-3)


def test_doubting_an_example_is_leaving_it_out_in_the_end():
    x, y = made(200)
    new = made(50, 1)[0]
    doubts = np.where(np.arange(200) < 50, 1e6, 1.0)
    wrong = np.where(np.arange(200) < 50, 10.0, y)
    found = Process.fit(GROUPS, NUMBERS, x, wrong, doubts)
    without = Process.fit(GROUPS, NUMBERS, x[50:], y[50:], np.ones(150))
    np.testing.assert_allclose(found.mean(new), without.mean(new), atol=1e-2)


@pytest.mark.parametrize(("count", "tolerance"), [(600, 2e-3), (150, 0.1)])
def test_few_examples_say_what_many_say(count, tolerance):
    x, y = made(600)
    new = made(200, 1)[0]
    process = Process.fit(GROUPS, NUMBERS, x, y, np.ones(600))
    curved, linear = new[:, :5], new[:, 5:]
    chosen = np.arange(count)
    few = GaussianProcess(Groups((3, 2)), NUMBERS).fit(x[chosen, :5], condense(process, chosen))
    found = few.predict(curved).mean + linear @ process.linear_weights()
    whole = process.mean(new)
    assert np.sqrt(np.mean((found - whole) ** 2)) < tolerance * np.std(whole)
    by_themselves = GaussianProcess(GROUPS, NUMBERS).fit(x[chosen], y[chosen]).predict(new).mean
    if count < 600:
        assert np.mean((found - whole) ** 2) < 0.2 * np.mean((by_themselves - whole) ** 2)


def test_examples_that_are_the_same_can_be_condensed():
    x, y = made(100)
    x, y = np.concatenate([x, x[:20]]), np.concatenate([y, y[:20]])
    process = Process.fit(GROUPS, NUMBERS, x, y, np.ones(120))
    chosen = np.concatenate([np.arange(60), np.arange(100, 120)])
    few = GaussianProcess(Groups((3, 2)), NUMBERS).fit(x[chosen, :5], condense(process, chosen))
    new = made(50, 1)[0]
    found = few.predict(new[:, :5]).mean + new[:, 5:] @ process.linear_weights()
    assert np.corrcoef(found, process.mean(new))[0, 1] > 0.99


def test_leaving_a_source_out_is_training_on_the_others():
    x, y = made(60)
    doubts = np.random.default_rng(2).uniform(0.5, 3, 60)
    sources = [f"photograph {index // 4}" for index in range(60)]
    errors, deviations = Process.fit(GROUPS, NUMBERS, x, y, doubts).left_out(sources)
    for start in (0, 20, 56):
        out = np.isin(np.arange(60), range(start, start + 4))
        others = Process.fit(GROUPS, NUMBERS, x[~out], y[~out], doubts[~out])
        np.testing.assert_allclose(errors[out], y[out] - others.mean(x[out]), atol=1e-4)
        among, across, own = (
            covariance(GROUPS, NUMBERS, *map(torch.from_numpy, pair)).numpy()
            for pair in ((x[~out], x[~out]), (x[out], x[~out]), (x[out], x[out]))
        )
        among += np.diag(NUMBERS.noise * doubts[~out])
        variance = np.diag(own - across @ np.linalg.solve(among, across.T)) + NUMBERS.noise * doubts[out]
        np.testing.assert_allclose(deviations[out], np.sqrt(variance), rtol=1e-4)
