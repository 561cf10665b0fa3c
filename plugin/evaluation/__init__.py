"""How well scores agree with human opinion. Arrays in, results out."""

from .correlation import Correlation, correlate
from .logistic import Fit, fit_curve
from .report import ALL, Evaluation, Row, evaluate

__all__ = ["ALL", "Correlation", "Evaluation", "Fit", "Row", "correlate", "evaluate", "fit_curve"]
