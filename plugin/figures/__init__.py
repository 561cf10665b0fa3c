"""The panel's figures as Plotly JSON: plain values in, plain dicts out. They need no FiftyOne."""

from .common import Figure
from .levels import level_figure
from .residuals import probability_plot, regression, residual_histogram, residuals_by_prediction
from .scatter import scatter
from .significance import TESTS, significance_matrix
from .statistics import STATISTICS, metric_heatmap, statistics_table

__all__ = [
    "STATISTICS",
    "TESTS",
    "Figure",
    "level_figure",
    "metric_heatmap",
    "probability_plot",
    "regression",
    "residual_histogram",
    "residuals_by_prediction",
    "scatter",
    "significance_matrix",
    "statistics_table",
]
