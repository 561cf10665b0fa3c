"""How well scores agree with human opinion. Arrays in, results out."""

from .aggregate import Mean, average, standardise
from .correlation import Correlation, correlate
from .levels import LevelCurve, level_curves, normalise
from .logistic import Curve, Fit, fit_curve
from .report import ALL, Evaluation, Row, evaluate
from .residuals import ResidualAnalysis, analyse_residuals
from .significance import TESTS, PairTest, Significance, compare_metrics

__all__ = [
    "ALL",
    "TESTS",
    "Correlation",
    "Curve",
    "Evaluation",
    "Fit",
    "LevelCurve",
    "Mean",
    "PairTest",
    "ResidualAnalysis",
    "Row",
    "Significance",
    "analyse_residuals",
    "average",
    "compare_metrics",
    "correlate",
    "evaluate",
    "fit_curve",
    "level_curves",
    "normalise",
    "standardise",
]
