"""The panel's figures of a table's evaluation, written to files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ..plugin.errors import UsageError
from ..plugin.vocabulary import direction_in_words, title_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..plugin.evaluation import Evaluation, Significance
    from ..plugin.figures import Figure
    from ..plugin.figures.export import Heading

_MOST_POINTS = 20_000


class FigureName(StrEnum):
    """Figures that can be drawn."""

    HEATMAP = "heatmap"
    SCATTER = "scatter"
    RESIDUALS = "residuals"
    HISTOGRAM = "histogram"
    PROBABILITY = "probability"
    REGRESSION = "regression"
    SIGNIFICANCE = "significance"


@dataclass(frozen=True)
class Subject:
    """What is drawn.

    Attributes:
        evaluation: of all metrics
        significance: of all metrics; None where it was not asked for
        scores: N values for each metric, NaN where missing
        target: N values, NaN where missing
        target_lower_is_better: the target's direction
        groups: N group labels; None where there are none
        source: what the scores are of, in words
    """

    evaluation: Evaluation
    significance: Significance | None
    scores: Mapping[str, Sequence[float]]
    target: Sequence[float]
    target_lower_is_better: bool
    groups: Sequence[str] | None
    source: str = ""

    @property
    def target_title(self) -> str:
        """The target's name in print, with its direction."""
        return f"{title_of(self.evaluation.target)} ({direction_in_words(self.target_lower_is_better)})"

    @property
    def titles(self) -> dict[str, str]:
        """Each metric's name in print."""
        from ..plugin.metrics import find_by_field

        return {metric: info.title if (info := find_by_field(metric)) else metric for metric in self.scores}


_TITLES: Final = {
    FigureName.HEATMAP: "Agreement with {target}",
    FigureName.SCATTER: "{metric} and {target}",
    FigureName.RESIDUALS: "Residuals of {metric} by prediction",
    FigureName.HISTOGRAM: "Residuals of {metric}",
    FigureName.PROBABILITY: "Residuals of {metric}: normal probability plot",
    FigureName.REGRESSION: "{target} predicted by {metric}",
    FigureName.SIGNIFICANCE: "Which metric agrees better with {target}",
}


def heading(name: FigureName, subject: Subject) -> Heading:
    """What stands above the figure: its title, and of what and by which test the numbers are."""
    from ..plugin import figures
    from ..plugin.evaluation import ALL
    from ..plugin.figures.export import Heading

    whole = [row for row in subject.evaluation.rows if row.group == ALL]
    n = min(row.n for row in whole)
    said = [subject.source, f"n = {n:,}"]
    if name is FigureName.SIGNIFICANCE and subject.significance is not None:
        said += [figures.TESTS["bootstrap"], f"p after Holm's correction, level {subject.significance.alpha:g}"]
    elif name is FigureName.HEATMAP and len(whole) > 1:
        said.append("SRCC")
    elif name is not FigureName.HEATMAP and whole[0].srcc is not None:
        row = whole[0]
        interval = row.intervals.get("srcc")
        between = " (95 % interval {:.3f} to {:.3f})".format(*interval) if interval else ""
        said += [f"SRCC {row.srcc:.3f}{between}", f"curve: {row.fit}"]
    titles = list(subject.titles.values())
    text = _TITLES[name].format(target=title_of(subject.evaluation.target), metric=titles[0])
    return Heading(text, ", ".join(filter(None, said)))


def draw(name: FigureName, subject: Subject) -> Figure:
    """Draw a figure.

    Raises:
        UsageError: there is nothing to draw, or a figure of one metric is asked of several
    """
    if name is FigureName.HEATMAP:
        return _heatmap(subject)
    if name is FigureName.SIGNIFICANCE:
        return _significance(subject)
    if len(subject.scores) > 1:
        raise UsageError(f"the figure {name} is of one metric: choose it with -m ({', '.join(subject.scores)})")
    (metric,) = subject.scores
    if name is FigureName.SCATTER:
        return _scatter(subject, metric)
    return _of_residuals(name, subject, metric)


def _heatmap(subject: Subject) -> Figure:
    from ..plugin import figures

    rows = {metric: [row for row in subject.evaluation.rows if row.metric == metric] for metric in subject.scores}
    if len(rows) == 1:
        return figures.statistics_table(next(iter(rows.values())))
    return figures.metric_heatmap(rows, "srcc", subject.titles)


def _significance(subject: Subject) -> Figure:
    from ..plugin import figures

    if subject.significance is None:
        raise UsageError("the figure significance needs --significance")
    if subject.significance.reason is not None:
        raise UsageError(f"there is no figure significance: {subject.significance.reason}")
    return figures.significance_matrix(subject.significance, "bootstrap", subject.titles)


def _scatter(subject: Subject, metric: str) -> Figure:
    import numpy as np

    from ..plugin import figures
    from ..plugin.evaluation import fit_curve

    score, target = np.array(subject.scores[metric]), np.array(subject.target)
    finite = np.flatnonzero(np.isfinite(score) & np.isfinite(target))
    if not len(finite):
        raise UsageError(f"there is no figure scatter: no row has both {metric} and {subject.evaluation.target}")
    groups, order = _groups(subject, finite)
    return figures.scatter(
        [str(row) for row in finite],
        score[finite],
        target[finite],
        groups,
        order=order,
        fit=fit_curve(score, target),
        x_title=subject.titles[metric],
        y_title=subject.target_title,
        limit=_MOST_POINTS,
    )


def _of_residuals(name: FigureName, subject: Subject, metric: str) -> Figure:
    import numpy as np

    from ..plugin import figures
    from ..plugin.evaluation import analyse_residuals

    analysis = analyse_residuals(
        subject.scores[metric], subject.target, target_lower_is_better=subject.target_lower_is_better
    )
    if analysis.fit is None:
        raise UsageError(f"there is no figure {name}: {analysis.reason}")
    rows = [str(row) for row in analysis.index]
    groups, order = _groups(subject, analysis.index)
    target = title_of(subject.evaluation.target)
    if name is FigureName.HISTOGRAM:
        return figures.residual_histogram(analysis)
    if name is FigureName.PROBABILITY:
        return figures.probability_plot(analysis, rows, limit=_MOST_POINTS)
    if name is FigureName.REGRESSION:
        return figures.regression(
            analysis,
            rows,
            groups,
            np.array(subject.target)[analysis.index],
            order=order,
            target=target,
            limit=_MOST_POINTS,
        )
    return figures.residuals_by_prediction(analysis, rows, groups, order=order, target=target, limit=_MOST_POINTS)


def _groups(subject: Subject, rows: NDArray[np.intp]) -> tuple[list[str], list[str]]:
    """The group of each row, and all groups in order."""
    from ..plugin.evaluation import ALL
    from ..plugin.evaluation.report import group_label

    order = list(dict.fromkeys(row.group for row in subject.evaluation.rows))
    if subject.groups is None:
        return [ALL] * len(rows), order
    return [group_label(subject.groups[row]) for row in rows], order[1:]
