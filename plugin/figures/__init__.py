"""The panel's figures as Plotly JSON: plain values in, plain dicts out. They need no FiftyOne."""

from .common import Figure
from .curves import loss_curves
from .levels import level_figure
from .pictures import picture_grid
from .residuals import probability_plot, regression, residual_histogram, residuals_by_prediction
from .scatter import scatter, set_off
from .significance import TESTS, significance_matrix
from .statistics import STATISTICS, metric_heatmap, statistics_table

__all__ = [
    "STATISTICS",
    "TESTS",
    "Figure",
    "level_figure",
    "loss_curves",
    "metric_heatmap",
    "picture_grid",
    "probability_plot",
    "regression",
    "residual_histogram",
    "residuals_by_prediction",
    "scatter",
    "set_off",
    "significance_matrix",
    "statistics_table",
]
