"""The jackknife of RMSE against curves that are fitted anew without each cluster."""

import numpy as np
import pytest
from deepmse.plugin.evaluation import evaluate, fit_curve
from deepmse.plugin.evaluation.jackknife import left_out, log_rmse

# DeepMSE of 24 photographs blurred at levels 3 and 5; at level 1 it is 0.
MIDDLE = "6.0 4.8 5.5 5.3 11.4 6.4 5.3 10.0 5.2 5.2 7.1 5.4 7.6 8.6 5.0 5.5 5.8 7.0 6.1 5.8 6.2 6.3 6.0 8.0"
STRONG = (
    "84.6 70.7 70.5 74.2 120.3 71.1 97.4 112.4 76.3 76.6 88.7 58.0 "
    "69.6 105.5 71.7 53.8 78.8 97.3 87.4 78.0 82.8 76.2 78.9 95.8"
)


def blurred(references):
    """Scores of photographs at three levels, the levels, and the photographs."""
    middle, strong = ([float(value) for value in text.split()[:references]] for text in (MIDDLE, STRONG))
    score = np.column_stack([np.zeros(references), middle, strong]).ravel()
    return score, np.tile([1.0, 3.0, 5.0], references), np.repeat(np.arange(references), 3)


def row_of(score, target, clusters, **settings):
    (row,) = evaluate(
        {"m": score}, target, lower_is_better={"m": False}, clusters=list(clusters), resamples=100, **settings
    ).rows
    return row


def exactly(score, target, clusters, curve):
    """Mean squares about curves that are fitted without each cluster."""
    fits = [fit_curve(score[clusters != c], target[clusters != c], curve) for c in np.unique(clusters)]
    return [
        np.mean((target[clusters != c] - fit.predict(score[clusters != c])) ** 2)
        for c, fit in zip(np.unique(clusters), fits, strict=True)
    ]


def test_without_a_cluster_a_line_is_fitted_anew():
    rng = np.random.default_rng(1)
    x, clusters = np.round(rng.uniform(0, 1, 80) * 6), np.repeat(np.arange(20), 4)
    y = 3 * x + rng.normal(size=80) + rng.normal(size=20)[clusters]
    fit = fit_curve(x, y)
    assert fit.kind == "linear"
    found = left_out(y - fit.predict(x), fit.tangent(x), clusters)
    assert found == pytest.approx(exactly(x, y, clusters, "logistic5"), rel=2e-3)


@pytest.mark.parametrize("curve", ["logistic4", "logistic5"])
def test_without_a_cluster_a_logistic_is_fitted_anew_to_first_order(curve):
    rng = np.random.default_rng(4)
    x, clusters = rng.uniform(0, 1, 400), np.repeat(np.arange(20), 20)
    y = np.tanh(10 * x - 5) + (x if curve == "logistic5" else 0) + 0.2 * rng.normal(size=x.size)
    fit = fit_curve(x, y, curve)
    assert fit.kind == curve
    found, exact = left_out(y - fit.predict(x), fit.tangent(x), clusters), exactly(x, y, clusters, curve)
    held = [np.mean((y - fit.predict(x))[clusters != c] ** 2) for c in range(20)]
    assert np.abs(found - exact).max() < 0.2 * np.abs(np.subtract(held, exact)).max()


def test_the_standard_error_of_independent_normal_residuals_is_that_of_theory():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 1, 2000)
    centre, error = log_rmse(rng.normal(size=2000), np.column_stack([x, np.ones(2000)]), np.arange(2000))
    assert centre == pytest.approx(0, abs=0.04)
    assert error == pytest.approx(1 / np.sqrt(2 * 2000), rel=0.1)


@pytest.mark.parametrize("references", [12, 24])
def test_the_interval_holds_the_rmse_of_a_curve_that_its_constraints_hold(references):
    row = row_of(*blurred(references))
    low, high = row.intervals["rmse"]
    assert low <= row.rmse <= high
    assert high < 3 * row.rmse


@pytest.mark.parametrize("references", [5, 24])
def test_the_interval_is_stable_to_rounding_and_to_the_order_of_the_items(references):
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(references), 15)
    score = rng.lognormal(0, 1, clusters.size)
    target = 30 * np.tanh(score - 1) + 5 * rng.normal(size=clusters.size) + 3 * rng.normal(size=references)[clusters]
    expected = row_of(score, target, clusters)
    rounded = np.array([float(f"{value:.9g}") for value in score])
    mixed = rng.permutation(clusters.size)
    for other in (
        row_of(rounded, target, clusters),
        row_of(score[mixed], target[mixed], clusters[mixed]),
        row_of(score.astype(np.float32), target, clusters, seed=7),
    ):
        assert other.intervals["rmse"] == pytest.approx(expected.intervals["rmse"], rel=1e-4)


def test_parameters_that_change_nothing_do_not_matter():
    x, residuals = np.linspace(0, 1, 40), np.random.default_rng(5).normal(size=40)
    line = np.column_stack([x, np.ones(40)])
    unmoved = np.column_stack([line, np.zeros(40), 2 * x])
    assert log_rmse(residuals, unmoved, np.arange(40)) == pytest.approx(log_rmse(residuals, line, np.arange(40)))
