"""What the curve of the plotted metric leaves over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ....evaluation import ResidualAnalysis
from ....figures import probability_plot, regression, residual_histogram, residuals_by_prediction
from ..comparison import Comparison
from ..selectors import PLOTTED
from ..tab import Content, Plot, Tab
from .points import MAX_POINTS, footnote, plot_of_points

if TYPE_CHECKING:
    from ..session import Session

_TESTS_OF_NORMALITY: Final = {
    "shapiro": "Shapiro-Wilk",
    "dagostino": "D'Agostino-Pearson",
    "jarque-bera": "Jarque-Bera",
}
_ALPHA: Final = 0.05


def _content(comparison: Comparison, session: Session) -> Content:
    metric = comparison.controls.plotted
    analysis, table = comparison.residuals(metric), comparison.table
    if analysis.fit is None:
        return Content(words=f"**No residuals:** {analysis.reason}.")
    ids = [table.ids[place] for place in analysis.index]
    groups = [comparison.group_of[place] for place in analysis.index]
    common: dict[str, Any] = {"order": comparison.groups, "target": table.target.title, "limit": MAX_POINTS}
    return Content(
        {
            "residuals": residuals_by_prediction(analysis, ids, groups, **common),
            "histogram": residual_histogram(analysis),
            "probability": probability_plot(analysis, ids, limit=MAX_POINTS),
            "regression": regression(analysis, ids, groups, table.targets[analysis.index], **common),
        },
        words=_words(comparison.titles[metric], analysis),
        footnote=footnote(comparison),
    )


def _words(title: str, analysis: ResidualAnalysis) -> str:
    if not analysis.normality:
        return (
            f"**{title}**, {analysis.n:,} residuals: {analysis.reason or 'too few to test whether they are normal'}."
        )
    tests = ", ".join(
        f"{_TESTS_OF_NORMALITY[name]} {statistic:.3g} (p {_probability(p)})"
        for name, (statistic, p) in analysis.normality.items()
    )
    against = [p for _, p in analysis.normality.values() if p < _ALPHA]
    if against:
        verdict = f"The residuals are **not normal**: {len(against)} of {len(analysis.normality)} tests say so at 5 %"
    else:
        verdict = "**Nothing speaks against normal** residuals at 5 %"
    return (
        f"**{title}**, {analysis.n:,} residuals: mean {analysis.mean:z.4f}, standard deviation {analysis.std:.3g}, "
        f"skewness {analysis.skewness:.2f}, excess kurtosis {analysis.kurtosis:.2f}, R² {analysis.r2:.3f}.  \n"
        f"{verdict}: {tests}."
    )


def _said(comparison: Comparison) -> str:
    """Whose residuals they are, and which tests of normality say what."""
    metric = comparison.controls.plotted
    tests = [
        f"{_TESTS_OF_NORMALITY[name]} p {_probability(p)}"
        for name, (_, p) in comparison.residuals(metric).normality.items()
    ]
    return ", ".join([comparison.titles[metric], *tests])


def _probability(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


TAB: Final = Tab(
    "residuals",
    "Residuals",
    _content,
    selectors=(PLOTTED,),
    plots={
        "residuals": plot_of_points("Residuals by prediction", titled=True, says=_said),
        "histogram": Plot("Histogram of residuals", titled=True, says=_said),
        "probability": plot_of_points("Normal probability plot", titled=True, says=_said),
        "regression": plot_of_points("Targets by prediction", titled=True, says=_said),
    },
)
