"""What each tab shows of a comparison: figures and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ... import figures
from ...evaluation import ResidualAnalysis, Row, normalise
from ...store import SavedEvaluation
from ...store.fields import LEVEL_FIELD
from .comparison import RESAMPLES, Comparison
from .controls import AS_IS

MAX_POINTS: Final = 3000
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
    table, target = comparison.table, comparison.table.target
    metrics = comparison.controls.metrics
    as_is = comparison.controls.scale == AS_IS
    means = {metric: comparison.levels(table.scores[metric]) for metric in metrics}
    if not any(means.values()):
        return Page(words="No image here has both a level and a score.")
    if as_is:
        title = comparison.titles[comparison.controls.plotted]
        figure = figures.level_figure({title: means[comparison.controls.plotted]}, y_title=f"mean {title}")
    else:
        curves = {
            comparison.titles[metric]: normalise(means[metric], lower_is_better=table.metrics[metric].lower_is_better)
            for metric in metrics
        }
        curves[target.field] = normalise(comparison.levels(table.targets), lower_is_better=target.lower_is_better)
        figure = figures.level_figure(curves, y_title="normalised mean (1 is best)", reference=target.field)
    return Page({"levels": figure}, footnote=_footnote(comparison))


def saved(evaluation: SavedEvaluation, titles: Mapping[str, str]) -> Page:
    """The numbers of an evaluation as they were saved.

    Args:
        evaluation: what was saved
        titles: each metric's by field, of those that the dataset still has
    """
    rows: dict[str, list[Row]] = {}
    for row in evaluation.rows:
        rows.setdefault(row.metric, []).append(row)
    if len(rows) == 1:
        (its_rows,) = rows.values()
        table = figures.statistics_table(its_rows)
    else:
        statistic = evaluation.settings.get("statistic", "srcc")
        table = figures.metric_heatmap(rows, statistic, {metric: titles.get(metric, metric) for metric in rows})
    words = f"**{evaluation.key}** as it was saved; the other tabs show what its view and settings give now."
    return Page({"heatmap": table}, words)


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
        f"**{title}**, {analysis.n:,} residuals: mean {analysis.mean:z.4f}, standard deviation {analysis.std:.3g}, "
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
