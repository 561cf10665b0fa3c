"""Gaussian processes against scikit-learn's, and what the regressors promise."""

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.regressors import REGRESSORS, GaussianProcess, Groups, Hyperparameters, create
from scipy.stats import multivariate_normal, spearmanr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel


def problem(n: int = 60, d: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] + rng.normal(0, 0.2, n)
    return x, (y - y.mean()) / y.std()


def sklearns(parameters: Hyperparameters) -> GaussianProcessRegressor:
    kernel = ConstantKernel(parameters.matern) * Matern(parameters.length, nu=2.5)
    return GaussianProcessRegressor(kernel + WhiteKernel(parameters.noise), alpha=0, optimizer=None)


def matern(a: np.ndarray, b: np.ndarray, length: float) -> np.ndarray:
    return Matern(length, nu=2.5)(a, b)


@pytest.mark.parametrize("parameters", [Hyperparameters(0.7, 1.3, 1.0, 0.1), Hyperparameters(4.0, 0.4, 1.0, 0.01)])
def test_mean_deviation_and_likelihood_are_those_of_scikit_learn(parameters):
    x, y = problem()
    new = problem(25, seed=1)[0]
    ours, theirs = GaussianProcess(hyperparameters=parameters).fit(x, y), sklearns(parameters).fit(x, y)

    prediction = ours.predict(new)
    mean, std = theirs.predict(new, return_std=True)
    np.testing.assert_allclose(prediction.mean, mean, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(prediction.std, std, rtol=1e-8)
    assert ours.log_marginal_likelihood() == pytest.approx(theirs.log_marginal_likelihood_value_, rel=1e-10)


def test_hyperparameters_found_by_gradient_are_those_that_scikit_learn_finds():
    x, y = problem(120)
    theirs = GaussianProcessRegressor(
        ConstantKernel(1.0, (1e-3, 1e3)) * Matern(2.0, (1e-2, 1e3), nu=2.5) + WhiteKernel(0.2, (1e-5, 10)),
        alpha=0,
        n_restarts_optimizer=3,
        random_state=0,
    ).fit(x, y)
    ours = GaussianProcess().fit(x, y)
    assert ours.log_marginal_likelihood() == pytest.approx(theirs.log_marginal_likelihood_value_, abs=1e-3)
    found = ours.hyperparameters
    np.testing.assert_allclose(np.log((found.matern, found.length, found.noise)), theirs.kernel_.theta, atol=0.02)


def test_bayesian_optimisation_comes_close_to_the_gradients_likelihood():
    x, y = problem(60)
    best = GaussianProcess().fit(x, y).log_marginal_likelihood()
    found = GaussianProcess(search="bayesian").fit(x, y).log_marginal_likelihood()
    assert best - 3 < found <= best + 1e-6


@pytest.fixture
def mixed():
    """A process of two Matérn terms and a linear one, its problem, and the covariance written out."""
    x, y = problem(50, d=6)
    parameters = Hyperparameters(matern=0.5, length=0.8, linear=0.3, noise=0.05)

    def covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        curved = 0.5 * (matern(a[:, :2], b[:, :2], 0.8) + matern(a[:, 2:4], b[:, 2:4], 0.8))
        return curved + 0.3 * a[:, 4:] @ b[:, 4:].T

    return GaussianProcess(Groups((2, 2), linear=2), parameters).fit(x, y), x, y, covariance


def test_covariances_of_groups_of_features_add_up(mixed):
    process, x, y, covariance = mixed
    new = problem(10, d=6, seed=2)[0]
    noisy = covariance(x, x) + 0.05 * np.eye(50)
    cross = covariance(new, x)
    prediction = process.predict(new)
    np.testing.assert_allclose(prediction.mean, cross @ np.linalg.solve(noisy, y), rtol=1e-8, atol=1e-10)
    variance = np.diag(covariance(new, new)) + 0.05 - np.sum(cross * np.linalg.solve(noisy, cross.T).T, axis=1)
    np.testing.assert_allclose(prediction.std, np.sqrt(variance), rtol=1e-8)
    assert process.log_marginal_likelihood() == pytest.approx(multivariate_normal.logpdf(y, cov=noisy), rel=1e-10)


def test_the_linear_part_can_be_taken_out_of_the_mean(mixed):
    process, x, y, _ = mixed
    new = problem(10, d=6, seed=2)[0]
    linear = process.linear_weights()
    rest = GaussianProcess(Groups((2, 2)), process.hyperparameters).fit(x[:, :4], y - x[:, 4:] @ linear)
    mean = rest.predict(new[:, :4]).mean + new[:, 4:] @ linear
    np.testing.assert_allclose(mean, process.predict(new).mean, rtol=1e-8)


def test_the_search_finds_out_that_a_relation_is_linear():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3))
    y = x @ (1.0, -0.5, 0.2) + rng.normal(0, 0.1, 150)
    found = GaussianProcess(Groups((3,), linear=3)).fit(np.hstack([x, x]), y).hyperparameters
    assert found.linear > 20 * found.matern
    assert found.noise == pytest.approx(0.01, rel=0.4)


def test_intervals_cover_new_observations():
    x, y = problem(400)
    process = GaussianProcess().fit(x[:200], y[:200])
    prediction = process.predict(x[200:])
    inside = np.abs(y[200:] - prediction.mean) < 1.96 * prediction.std
    assert 0.9 < inside.mean() < 0.99


def test_groups_that_do_not_fit_the_features_are_refused():
    with pytest.raises(UsageError, match="of 5 features, not 4"):
        GaussianProcess(Groups((5,))).fit(*problem())


@pytest.mark.parametrize("name", REGRESSORS)
def test_every_regressor_learns(name):
    x, y = problem(200)
    prediction = create(name).fit(x[:120], y[:120]).predict(x[120:])
    assert spearmanr(prediction.mean, y[120:]).statistic > 0.85
    assert (prediction.std is not None) == name.startswith("gpr")


def test_an_unknown_regressor_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"no regressor 'forest'.*svr-rbf"):
        create("forest")
