"""Statistics by group, and scores against targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ....evaluation import ALL, Row
from ....figures import STATISTICS, Figure, metric_heatmap, scatter, statistics_table
from ....vocabulary import direction_in_words
from ..comparison import Comparison
from ..selectors import INTERVALS, PLOTTED, Selector, several_metrics
from ..tab import Content, Plot, Tab
from .points import MAX_POINTS, footnote, plot_of_points

if TYPE_CHECKING:
    from ..session import Session

_OF_RANKS: Final = ("srcc", "krcc")
_STATISTIC: Final = Selector.of(
    "statistic",
    "Statistic",
    {name: statistic.title for name, statistic in STATISTICS.items()},
    shown=several_metrics,
)


def on_click_cell(session: Session) -> None:
    """Show the images of the clicked cell, those on which metric and target disagree most first."""
    comparison, params = session.comparison(), session.ctx.params
    controls, group = comparison.controls, params["y"]
    metric = params["x"] if params["x"] in controls.metrics else controls.metrics[0]
    ids = comparison.worst_first(metric, group)
    which = "all" if group == ALL else f"{controls.breakdown} = {group}"
    title = comparison.titles[metric]
    session.show(ids, f"**{which}**, {len(ids):,} images, furthest from the curve of {title} first")
    if metric != controls.plotted:
        session.choose(plotted=metric)
        session.update()


def table_of_groups(rows: Mapping[str, Sequence[Row]], statistic: str, titles: Mapping[str, str]) -> Figure:
    """All statistics of one metric, or one of several, by group.

    Args:
        rows: each metric's, over everything and then by group
        statistic: the one that is shown of several metrics
        titles: each metric's
    """
    if len(rows) == 1:
        (its_rows,) = rows.values()
        return statistics_table(its_rows)
    return metric_heatmap(rows, statistic, titles)


def _of_table(comparison: Comparison) -> str:
    """What the table's numbers are."""
    controls = comparison.controls
    if len(controls.metrics) > 1:
        return STATISTICS[controls.of(_STATISTIC)].title
    return comparison.titles[controls.metrics[0]]


def _of_scatter(comparison: Comparison) -> str:
    fit = comparison.fit(comparison.controls.plotted)
    return f"{comparison.titles[comparison.controls.plotted]}{f', curve: {fit.kind}' if fit else ''}"


TABLE: Final = Plot("Agreement by group", on_click=on_click_cell, says=_of_table)


def _content(comparison: Comparison, session: Session) -> Content:
    statistic = comparison.controls.of(_STATISTIC)
    # Fitting a curve to each group of each metric is most of the work, and ranks do without.
    ranks = len(comparison.controls.metrics) > 1 and statistic in _OF_RANKS
    rows = comparison.rows(None if ranks else "logistic5")
    table = table_of_groups(rows, statistic, comparison.titles)
    return Content({"heatmap": table, "scatter": _scatter(comparison)}, footnote=footnote(comparison))


def _scatter(comparison: Comparison) -> Figure:
    table, metric = comparison.table, comparison.controls.plotted
    info, target = table.metrics[metric], table.target
    places = comparison.complete(metric)
    return scatter(
        [table.ids[place] for place in places],
        table.scores[metric][places],
        table.targets[places],
        [comparison.group_of[place] for place in places],
        order=comparison.groups,
        fit=comparison.fit(metric),
        x_title=f"{info.title} ({direction_in_words(info.lower_is_better)})",
        y_title=f"{target.title} ({target.direction})",
        limit=MAX_POINTS,
    )


TAB: Final = Tab(
    "overview",
    "Agreement",
    _content,
    selectors=(_STATISTIC, INTERVALS, PLOTTED),
    plots={"heatmap": TABLE, "scatter": plot_of_points("Scores and targets", says=_of_scatter)},
)
