"""The fitted curve against known curves, an independent optimiser, and changes of unit."""

import math

import numpy as np
import pytest
from deepmse.plugin.evaluation import fit_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import differential_evolution


def logistic(x, b1, b2, b3, b4, b5):
    """The published formula, literally."""
    return b1 * (0.5 - 1 / (1 + np.exp(b2 * (x - b3)))) + b4 * x + b5


def noisy(seed, n=60, noise=0.1):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, n)
    return x, 1 / (1 + np.exp(-7 * (x - 0.4))) + noise * rng.normal(size=n)


@pytest.mark.parametrize(
    "params",
    [
        (60.0, 8.0, 0.45, 5.0, 40.0),
        (60.0, -8.0, 0.45, -5.0, 40.0),
        (-2.0, 30.0, 0.1, 0.0, 1.0),
        (3.0, 5.0, 0.9, 0.3, -1.0),
        (4.0, 6.0, 0.5, -0.3, 0.0),
    ],
)
def test_a_known_logistic_is_recovered(params):
    x = np.random.default_rng(3).uniform(0, 1, 80)
    fit = fit_curve(x, logistic(x, *params))
    assert fit.kind == "logistic5"
    grid = np.linspace(0, 1, 200)
    truth = logistic(grid, *params)
    assert fit.predict(grid) == pytest.approx(truth, abs=1e-6 * np.ptp(truth))
    assert fit.direction == np.sign(truth[-1] - truth[0])
    assert fit.domain == (x.min(), x.max())


@pytest.mark.parametrize("params", [(80.0, 20.0, 0.5, 0.1), (20.0, 80.0, 0.3, 0.05)])
def test_the_four_parameter_logistic_is_that_of_the_video_quality_experts_group(params):
    b1, b2, b3, b4 = params
    x = np.random.default_rng(3).uniform(0, 1, 80)
    y = b2 + (b1 - b2) / (1 + np.exp(-(x - b3) / abs(b4)))
    fit = fit_curve(x, y, "logistic4")
    assert fit.kind == "logistic4"
    assert fit.params == pytest.approx(params)
    assert fit.predict(x) == pytest.approx(y)


def test_params_are_those_of_the_published_formula_in_the_units_of_the_data():
    x, y = noisy(0)
    fit = fit_curve(1000 * x + 5, 20 * y - 3)
    grid = np.linspace(5, 1005, 50)
    assert fit.predict(grid) == pytest.approx(logistic(grid, *fit.params), abs=1e-9)


def global_search(x, y, linear_term):
    """Least squares by differential evolution: the error, and the curve on a grid."""
    grid = np.linspace(x.min(), x.max(), 1000)

    def columns(theta, at):
        sigmoid = logistic(at, 1, np.exp(theta[0]), theta[1], 0, 0)
        return np.column_stack([sigmoid, np.ones_like(at), *([at] if linear_term else [])])

    def solve(theta):
        return np.linalg.lstsq(columns(theta, x), y)[0]

    def error(theta):
        return float(np.sum((columns(theta, x) @ solve(theta) - y) ** 2))

    # Up to curves that rise within a tenth of the range; steeper ones run through single points.
    search = differential_evolution(error, [(-2, math.log(60)), (-0.5, 1.5)], rng=0, tol=1e-10)
    return search.fun, columns(search.x, grid) @ solve(search.x)


@pytest.mark.parametrize("seed", range(6))
def test_no_global_search_finds_a_closer_curve(seed):
    x, y = noisy(seed, n=40)
    error, curve = global_search(x, y, linear_term=True)
    bends_back = np.any(np.diff(curve) < 0)
    if bends_back:
        error, _ = global_search(x, y, linear_term=False)
    fit = fit_curve(x, y)
    assert np.sum((fit.predict(x) - y) ** 2) <= error * (1 + 1e-6)
    assert np.all(np.diff(fit.predict(np.linspace(*fit.domain, 1000))) >= 0)
    assert fit.kind == ("logistic4" if bends_back else "logistic5")


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(-6, 6).map(lambda power: 10**power),
    shift=st.floats(-100, 100),
    signs=st.tuples(st.sampled_from([-1, 1]), st.sampled_from([-1, 1])),
)
def test_the_curve_follows_every_change_of_unit(seed, scale, shift, signs):
    x, y = noisy(seed)
    plain = fit_curve(x, y)
    turned = fit_curve(signs[0] * scale * (x + shift), signs[1] * (y / scale + shift / scale))
    expected = signs[1] * (plain.predict(x) + shift) / scale
    assert turned.predict(signs[0] * scale * (x + shift)) == pytest.approx(expected, abs=1e-5 / scale)
    assert turned.direction == signs[0] * signs[1] * plain.direction


@settings(max_examples=60, deadline=None)
@given(
    x=st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=40, unique=True),
    seed=st.integers(0, 1000),
)
def test_the_curve_is_monotone_and_no_worse_than_a_line(x, seed):
    x = np.array(x)
    y = np.random.default_rng(seed).normal(size=len(x))
    fit = fit_curve(x, y)
    steps = np.diff(fit.predict(np.linspace(*fit.domain, 2000)))
    rounding = 1e-9 * np.ptp(y)
    assert np.all(steps >= -rounding) or np.all(steps <= rounding)
    line = np.polynomial.Polynomial.fit(x, y, 1)
    assert np.sum((fit.predict(x) - y) ** 2) <= np.sum((line(x) - y) ** 2) * (1 + 1e-9)


def test_a_parabola_is_not_followed_back_down():
    x = np.linspace(-1, 1, 50)
    fit = fit_curve(x, 1 - x**2 + 0.1 * x)
    steps = np.diff(fit.predict(np.linspace(-1, 1, 500)))
    assert np.all(steps >= 0) or np.all(steps <= 0)


def test_scores_over_six_decades():
    quality = np.linspace(0, 1, 60)
    fit = fit_curve(10 ** (6 * quality - 4), 100 * (1 - quality))
    residual = fit.predict(10 ** (6 * quality - 4)) - 100 * (1 - quality)
    line = np.polynomial.Polynomial.fit(10 ** (6 * quality - 4), 100 * (1 - quality), 1)
    line_residual = line(10 ** (6 * quality - 4)) - 100 * (1 - quality)
    assert fit.direction == -1
    assert np.std(residual) < 0.5 * np.std(line_residual)


@pytest.mark.parametrize("power", [-200, 200])
def test_extreme_units(power):
    x, y = noisy(1)
    plain, scaled = fit_curve(x, y), fit_curve(x * 10.0**power, y)
    assert scaled.predict(x * 10.0**power) == pytest.approx(plain.predict(x), abs=1e-6)


def test_few_distinct_scores_give_the_least_squares_line():
    x, y = [1, 2, 3, 4, 5] * 4, np.random.default_rng(5).normal(size=20)
    fit = fit_curve(x, y)
    slope, intercept = np.polyfit(x, y, 1)
    assert (fit.kind, fit.params) == ("linear", pytest.approx((slope, intercept)))
    assert fit.direction == np.sign(slope)


def test_missing_and_infinite_pairs_are_left_out():
    x, y = noisy(2)
    fit = fit_curve([*x, math.inf, math.nan, 1.0], [*y, 1.0, 1.0, math.nan])
    assert fit == fit_curve(x, y)


@pytest.mark.parametrize(
    ("score", "target"),
    [([1, 2], [1, 2]), ([3, 3, 3, 3], [1, 2, 3, 4]), ([1, 2, 3, 4], [5, 5, 5, 5]), ([], [])],
)
def test_nothing_to_fit(score, target):
    assert fit_curve(score, target) is None


@pytest.mark.parametrize("curve", ["logistic4", "logistic5"])
def test_the_tangent_spans_the_derivatives_of_the_curve(curve):
    rng = np.random.default_rng(6)
    x = rng.uniform(0, 1, 200)
    fit = fit_curve(x, np.tanh(4 * x - 2) + 0.1 * x + 0.1 * rng.normal(size=x.size), curve)
    tangent = fit.tangent(x)
    for index, value in enumerate(fit.params):
        step = 1e-6 * max(1, abs(value))
        moved = [
            type(fit)(fit.kind, (*fit.params[:index], value + sign * step, *fit.params[index + 1 :]), fit.domain)
            for sign in (-1, 1)
        ]
        derivative = (moved[1].predict(x) - moved[0].predict(x)) / (2 * step)
        projected = tangent @ np.linalg.lstsq(tangent, derivative)[0]
        assert projected == pytest.approx(derivative, abs=1e-6 * np.abs(derivative).max())
