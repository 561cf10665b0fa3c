"""What each tab shows of a comparison: figures and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ..evaluation import ResidualAnalysis, normalise
from ..store.fields import LEVEL_FIELD
from . import figures
from .comparison import RESAMPLES, Comparison
from .controls import NORMALISED

MAX_POINTS: Final = 5000
"""Most points of a scatter plot: more make the browser slow."""

_TESTS_OF_NORMALITY: Final = {
    "shapiro": "Shapiro-Wilk",
    "dagostino": "D'Agostino-Pearson",
    "jarque-bera": "Jarque-Bera",
}
_ASSUME_NORMAL: Final = ("williams", "f")
_ALPHA: Final = 0.05


@dataclass(frozen=True)
class Page:
    """What a tab shows.

    Attributes:
        figures: by name
        words: Markdown, above the figures
        footnote: Markdown, below them
    """

    figures: dict[str, figures.Figure] = field(default_factory=dict)
    words: str = ""
    footnote: str = ""


def overview(comparison: Comparison) -> Page:
    """Statistics by group, and scores against targets."""
    controls, rows = comparison.controls, comparison.rows
    if len(rows) == 1:
        table = figures.statistics_table(rows[controls.plotted])
    else:
        table = figures.metric_heatmap(rows, controls.statistic, comparison.titles)
    return Page({"heatmap": table, "scatter": _scatter(comparison)}, footnote=_footnote(comparison))


def residuals(comparison: Comparison) -> Page:
    """What the curve of the plotted metric leaves over."""
    metric = comparison.controls.plotted
    analysis, table = comparison.residuals(metric), comparison.table
    if analysis.fit is None:
        return Page(words=f"**No residuals:** {analysis.reason}.")
    ids = [table.ids[place] for place in analysis.index]
    groups = [comparison.group_of[place] for place in analysis.index]
    common: dict[str, Any] = {"order": comparison.groups, "target": table.target.field, "limit": MAX_POINTS}
    return Page(
        {
            "residuals": figures.residuals_by_prediction(analysis, ids, groups, **common),
            "histogram": figures.residual_histogram(analysis),
            "probability": figures.probability_plot(analysis, ids, limit=MAX_POINTS),
            "regression": figures.regression(analysis, ids, groups, table.targets[analysis.index], **common),
        },
        words=_residual_words(comparison.titles[metric], analysis),
        footnote=_footnote(comparison),
    )


def significance(comparison: Comparison) -> Page:
    """Which metrics are better than which."""
    if len(comparison.controls.metrics) < 2:
        return Page(words="**One metric cannot be compared.** Choose two or more above.")
    result = comparison.significance
    if result.reason:
        return Page(words=f"Nothing to compare: {result.reason}")
    references = f" of {result.clusters:,} references" if result.clusters else ""
    words = (
        f"Rows against columns, on the **{result.n:,} images**{references} that have all scores. "
        "▲ the row's metric is better, ▼ worse, = they cannot be told apart at 5 % after Holm's correction."
    )
    test = comparison.controls.test
    footnote = f"The bootstrap draws {RESAMPLES:,} resamples. " if test == "bootstrap" else ""
    if test in _ASSUME_NORMAL:
        footnote = f"This test assumes normal residuals. {_normality_of(comparison)}"
    return Page({"matrix": figures.significance_matrix(result, test, comparison.titles)}, words, footnote)


def levels(comparison: Comparison) -> Page:
    """Mean score by level of each distortion."""
    if not comparison.has_levels:
        return Page(
            words=f"**No levels.** This dataset has no field `{LEVEL_FIELD}` that says how strong a distortion is."
        )
    controls, table = comparison.controls, comparison.table
    target = table.target.field
    if controls.scale != NORMALISED:
        title = comparison.titles[controls.plotted]
        curves = {title: comparison.levels(table.scores[controls.plotted])}
        figure = figures.level_figure(curves, y_title=f"mean {title}")
    else:
        curves = {
            comparison.titles[metric]: normalise(curve, lower_is_better=table.metrics[metric].lower_is_better)
            for metric in controls.metrics
            if (curve := comparison.levels(table.scores[metric]))
        }
        if curve := comparison.levels(table.targets):
            curves[target] = normalise(curve, lower_is_better=controls.lower_is_better)
        figure = figures.level_figure(curves, y_title="normalised mean (1 is best)", reference=target)
    if not any(curves.values()):
        return Page(words="No image here has both a level and a score.")
    return Page({"levels": figure}, footnote=_footnote(comparison))


PAGES: Final[dict[str, Callable[[Comparison], Page]]] = {
    "overview": overview,
    "residuals": residuals,
    "significance": significance,
    "levels": levels,
}


def caption(comparison: Comparison) -> str:
    """What is compared, in a line of Markdown."""
    table, whole = comparison.table, comparison.rows[comparison.controls.plotted][0]
    parts = [f"**{len(table.ids):,} images**"]
    if whole.n_missing:
        parts.append(f"{whole.n_missing:,} without score or target")
    target = table.target
    parts.append(f"target **{target.field}**: {target.kind or 'of unknown kind'}, {target.direction}")
    if comparison.remark:
        parts.append(comparison.remark)
    return " · ".join(parts)


def _scatter(comparison: Comparison) -> figures.Figure:
    table, metric = comparison.table, comparison.controls.plotted
    info, target = table.metrics[metric], table.target
    places = comparison.complete(metric)
    return figures.scatter(
        [table.ids[place] for place in places],
        table.scores[metric][places],
        table.targets[places],
        [comparison.group_of[place] for place in places],
        order=comparison.groups,
        fit=comparison.fit(metric),
        x_title=f"{info.title} ({'lower' if info.lower_is_better else 'higher'} is better)",
        y_title=f"{target.field} ({target.direction})",
        limit=MAX_POINTS,
    )


def _residual_words(title: str, analysis: ResidualAnalysis) -> str:
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
        f"**{title}**, {analysis.n:,} residuals: mean {analysis.mean:.3g}, standard deviation {analysis.std:.3g}, "
        f"skewness {analysis.skewness:.2f}, excess kurtosis {analysis.kurtosis:.2f}, R² {analysis.r2:.3f}.  \n"
        f"{verdict}: {tests}."
    )


def _probability(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _normality_of(comparison: Comparison) -> str:
    result, titles = comparison.significance, comparison.titles
    doubtful = [titles[metric] for metric, (_, p) in result.normality.items() if p < _ALPHA]
    if not doubtful:
        return "Nothing speaks against it."
    return f"Those of {', '.join(doubtful)} are not: trust the bootstrap instead."


def _footnote(comparison: Comparison) -> str:
    target = comparison.table.target
    said = [f"Target from {target.source}."] if target.source else []
    said += target.notes
    drawable = len(comparison.complete(comparison.controls.plotted))
    if drawable > MAX_POINTS:
        said.append(
            f"Plots show a random {MAX_POINTS:,} of {drawable:,} images; curve and statistics use all of them."
        )
    return " ".join(said)
