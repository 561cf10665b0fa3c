"""The panel's figures as Plotly JSON: plain values in, plain dicts out. They need no FiftyOne."""

from .bars import bars
from .common import Figure
from .comparison import filmstrip, wipe
from .curves import loss_curves
from .histogram import threshold_histogram, value_bars
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
    "bars",
    "filmstrip",
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
    "threshold_histogram",
    "value_bars",
    "wipe",
]
