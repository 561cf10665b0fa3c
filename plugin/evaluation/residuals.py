"""How opinions lie about the curve that was fitted to a metric's scores.

N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
Informatics 39, 2020, section 4.1 and figures 5-8
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .correlation import Vector, as_vector, correlate, is_constant
from .labels import Indices
from .logistic import Fit, fit_curve

# Beyond this the p-value of Shapiro and Wilk's test is no longer known to be right.
_MOST_FOR_SHAPIRO = 5000

# Below this the p-values of tests by moments are not.
_LEAST_FOR_MOMENTS = 20

_ROUNDING = 1e-12


@dataclass(frozen=True)
class ResidualAnalysis:
    """Residuals of a target from the curve fitted to a metric's scores.

    Attributes:
        n: pairs used
        fit: the fitted curve, None where there is none, as is all that follows from it
        index: which of the given pairs were used, (n,)
        predicted: the curve's target for each, (n,), in the target's units
        residuals: how much better than predicted each was found, (n,), in the target's units: target less prediction,
            or prediction less target where lower is better
        mean: of the residuals
        std: of the residuals; the Gaussian of this mean and deviation belongs over the histogram
        r2: share of variance that the regression of prediction on target explains, in [0, 1]
        slope: of that regression's line
        intercept: of that regression's line
        skewness: of the residuals, 0 for a Gaussian
        kurtosis: excess kurtosis of the residuals, 0 for a Gaussian
        histogram: the residuals' counts (b,) and edges (b + 1,)
        quantiles: of the standard normal distribution, and the ordered residuals at them, both (n,)
        normality: statistic and p-value by test, of "shapiro", "dagostino" and "jarque-bera" those that can be had
        reason: why something is missing; None where all could be had
    """

    n: int
    fit: Fit | None = None
    index: Indices = field(default_factory=lambda: np.empty(0, np.intp))
    predicted: Vector = field(default_factory=lambda: np.empty(0))
    residuals: Vector = field(default_factory=lambda: np.empty(0))
    mean: float | None = None
    std: float | None = None
    r2: float | None = None
    slope: float | None = None
    intercept: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    histogram: tuple[Indices, Vector] = field(default_factory=lambda: (np.empty(0, np.intp), np.empty(0)))
    quantiles: tuple[Vector, Vector] = field(default_factory=lambda: (np.empty(0), np.empty(0)))
    normality: dict[str, tuple[float, float]] = field(default_factory=dict)
    reason: str | None = None


def analyse_residuals(
    score: ArrayLike, target: ArrayLike, *, target_lower_is_better: bool = False
) -> ResidualAnalysis:
    """Fit the monotone curve and look at what it leaves over.

    Args:
        score: N scores; None and NaN mean "missing"
        target: N opinion scores or other target values; None and NaN mean "missing"
        target_lower_is_better: the target's direction, e.g. True for DMOS

    Raises:
        UsageError: the sequences are not numbers, not one-dimensional or differ in length

    >>> from deepmse import analyse_residuals
    >>> mos = [1.2, 1.9, 3.1, 3.8, 5.2, 5.9, 7.1, 8.0, 8.8, 10.1]
    >>> analysis = analyse_residuals(range(10), mos)
    >>> analysis.n, abs(analysis.mean) < 0.1 < analysis.std < 0.3
    (10, True)
    """
    x, y = as_vector(score, "score"), as_vector(target, "target")
    raw = correlate(x, y)
    fit = fit_curve(x, y) if raw.plcc is not None else None
    if fit is None:
        return ResidualAnalysis(raw.n, reason=raw.reason)
    index = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    predicted, y = fit.predict(x[index]), y[index]
    residuals = predicted - y if target_lower_is_better else y - predicted
    line = stats.linregress(y, predicted)
    positions, ordered = stats.probplot(residuals, fit=False)
    exact = bool(np.std(residuals) <= _ROUNDING * np.std(y))
    return ResidualAnalysis(
        n=raw.n,
        fit=fit,
        index=index,
        predicted=predicted,
        residuals=residuals,
        mean=float(np.mean(residuals)),
        std=float(np.std(residuals, ddof=1)),
        r2=0.0 if is_constant(predicted) else float(line.rvalue**2),
        slope=float(line.slope),
        intercept=float(line.intercept),
        skewness=None if exact else float(stats.skew(residuals)),
        kurtosis=None if exact else float(stats.kurtosis(residuals)),
        histogram=np.histogram(residuals, bins="rice"),
        quantiles=(positions, ordered),
        normality={} if exact else normality(residuals),
        reason="the curve passes through every point" if exact else None,
    )


def normality(residuals: Vector) -> dict[str, tuple[float, float]]:
    """Statistic and p-value of tests that values are of a normal distribution, those that their number allows.

    "shapiro": S. S. Shapiro, M. B. Wilk, Biometrika 52, 1965, up to 5,000 values. From 20 values "dagostino":
    R. D'Agostino, E. S. Pearson, Biometrika 60, 1973, and "jarque-bera": C. M. Jarque, A. K. Bera, Economics
    Letters 6, 1980.

    Args:
        residuals: three values or more; where all are the same there is no test
    """
    n = len(residuals)
    if is_constant(residuals):
        return {}
    tests = {
        **({"shapiro": stats.shapiro} if n <= _MOST_FOR_SHAPIRO else {}),
        **({"dagostino": stats.normaltest, "jarque-bera": stats.jarque_bera} if n >= _LEAST_FOR_MOMENTS else {}),
    }
    results = {name: test(residuals) for name, test in tests.items()}
    return {name: (float(result.statistic), float(result.pvalue)) for name, result in results.items()}
