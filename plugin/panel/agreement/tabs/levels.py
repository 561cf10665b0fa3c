"""Mean score by level of each distortion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ....evaluation import normalise
from ....figures import level_figure
from ....store.fields import LEVEL_FIELD
from ..comparison import Comparison
from ..selectors import PLOTTED, Selector, State, several_metrics
from ..tab import Content, Plot, Tab
from .points import footnote

if TYPE_CHECKING:
    from ..session import Session

_NORMALISED: Final = "normalised"
_AS_IS: Final = "as is"
_SCALE: Final = Selector.of("scale", "Scores", {_NORMALISED: "Normalised, all metrics", _AS_IS: "As is, one metric"})


def _plots_one(state: State) -> bool:
    return several_metrics(state) and state["controls"][_SCALE.name] == _AS_IS


def _content(comparison: Comparison, session: Session) -> Content:
    if not comparison.has_levels:
        return Content(
            words=f"**No levels.** This dataset has no field `{LEVEL_FIELD}` that says how strong a distortion is."
        )
    controls, table, target = comparison.controls, comparison.table, comparison.table.target
    means = {metric: comparison.levels(table.scores[metric]) for metric in controls.metrics}
    if not any(means.values()):
        return Content(words="No image here has both a level and a score.")
    if controls.of(_SCALE) == _AS_IS:
        title = comparison.titles[controls.plotted]
        figure = level_figure({title: means[controls.plotted]}, y_title=f"mean {title}")
    else:
        curves = {
            comparison.titles[metric]: normalise(means[metric], lower_is_better=table.metrics[metric].lower_is_better)
            for metric in controls.metrics
        }
        title, levels = target.title, comparison.levels(table.targets)
        curves[title] = normalise(levels, lower_is_better=target.lower_is_better)
        figure = level_figure(curves, y_title="normalised mean (1 is best)", reference=title)
    return Content({"levels": figure}, footnote=footnote(comparison))


TAB: Final = Tab(
    "levels",
    "Levels",
    _content,
    selectors=(_SCALE, replace(PLOTTED, shown=_plots_one)),
    plots={"levels": Plot("Mean score by level")},
)
