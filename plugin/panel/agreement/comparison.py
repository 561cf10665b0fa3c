"""What is compared under the chosen controls, and what comes out. Each result is computed once a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...evaluation import (
    ALL,
    Evaluation,
    Fit,
    LevelCurve,
    ResidualAnalysis,
    Row,
    Significance,
    analyse_residuals,
    compare_metrics,
    fit_curve,
    level_curves,
)
from ...evaluation.logistic import Curve
from ...evaluation.report import all_disagree
from ...store import QualityTable, Snapshot, read_table
from ...store.fields import LEVEL_FIELD
from ...vocabulary import RESAMPLES
from .controls import Controls

MAX_GROUPS: Final = 60
"""Most rows of the heatmap: a field with more values is no breakdown."""


@dataclass(frozen=True)
class Comparison:
    """Scores of a snapshot against its target.

    Attributes:
        snapshot: what the view holds
        controls: what is chosen
    """

    snapshot: Snapshot
    controls: Controls

    @cached_property
    def table(self) -> QualityTable:
        """The columns, without groups where the field has too many values to be a breakdown."""
        controls = self.controls
        table = read_table(
            self.snapshot,
            controls.target,
            controls.metrics,
            controls.group_field,
            lower_is_better=controls.lower_is_better,
        )
        if len(set(table.groups or ())) > MAX_GROUPS:
            return replace(table, breakdown=None, groups=None)
        return table

    @property
    def remark(self) -> str:
        """What to know of the breakdown, if anything."""
        field = self.controls.group_field
        if field is None or self.table.groups is not None:
            return ""
        (values,) = self.snapshot.columns([field])
        return f"{field} has {len(set(values)):,} values, too many to break down by"

    @property
    def disagrees(self) -> bool:
        """Whether every chosen metric runs against the target; the plotted one alone tells where it does not."""
        metrics = self.controls.plotted, *self.controls.metrics
        return all(all_disagree([self._rows_of(metric, None, 0)[0].srcc]) for metric in metrics)

    @property
    def titles(self) -> dict[str, str]:
        """Title of each metric by field."""
        return {field: metric.title for field, metric in self.table.metrics.items()}

    @cached_property
    def evaluation(self) -> Evaluation:
        """Agreement of all chosen metrics in all statistics, with intervals where they are shown."""
        rows = [row for rows in self.rows("logistic5").values() for row in rows]
        return Evaluation(self.controls.target, tuple(rows))

    def prepare(self) -> None:
        """Compute ahead what another statistic would need."""
        self.rows("logistic5")

    def rows(self, curve: Curve | None) -> dict[str, tuple[Row, ...]]:
        """Agreement of each metric, over everything and then by group, with intervals where they are shown.

        Args:
            curve: the curve to fit to each group of each metric, which is most of the work; None for ranks alone
        """
        resamples = RESAMPLES if self.controls.with_intervals else 0
        return {metric: self._rows_of(metric, curve, resamples) for metric in self.controls.metrics}

    @property
    def n_missing(self) -> int:
        """Images without a score in the plotted metric or without a target."""
        return self._counts[0].n_missing

    @property
    def _counts(self) -> tuple[Row, ...]:
        """Over everything and by group, what takes neither a curve nor resamples."""
        return self._rows_of(self.controls.plotted, None, 0)

    def _rows_of(self, metric: str, curve: Curve | None, resamples: int) -> tuple[Row, ...]:
        controls, table = self.controls, self.table
        directions = controls.direction, table.metrics[metric].lower_is_better
        return self.snapshot.once(
            ("rows", controls.target, table.breakdown, metric, directions, curve, resamples),
            lambda: table.of([metric]).evaluate(resamples=resamples, curve=curve).rows,
        )

    @cached_property
    def groups(self) -> list[str]:
        """Labels of the groups, without the whole; the whole alone where there are none."""
        labels = [row.group for row in self._counts]
        return labels[1:] or labels

    @property
    def group_of(self) -> Sequence[str]:
        """Each sample's group."""
        return self.table.groups or [ALL] * len(self.table.ids)

    def fit(self, metric: str) -> Fit | None:
        """The curve fitted to all scores of a metric."""
        scores, targets = self.table.scores[metric], self.table.targets
        return self.snapshot.once(("fit", self.controls.target, metric), lambda: fit_curve(scores, targets))

    def complete(self, metric: str) -> NDArray[np.intp]:
        """Where there is a finite score and target."""
        return np.flatnonzero(np.isfinite(self.table.scores[metric]) & np.isfinite(self.table.targets))

    def residuals(self, metric: str) -> ResidualAnalysis:
        """What the curve leaves over."""
        controls, table = self.controls, self.table
        return self.snapshot.once(
            ("residuals", controls.target, controls.direction, metric),
            lambda: analyse_residuals(
                table.scores[metric], table.targets, target_lower_is_better=controls.lower_is_better
            ),
        )

    @cached_property
    def significance(self) -> Significance:
        """Which of the chosen metrics are better than which."""
        controls, table = self.controls, self.table
        directions = {field: metric.lower_is_better for field, metric in table.metrics.items()}
        return self.snapshot.once(
            ("significance", controls.target, controls.direction, *directions.items()),
            lambda: compare_metrics(
                table.scores,
                table.targets,
                lower_is_better=directions,
                target_lower_is_better=controls.lower_is_better,
                clusters=table.references,
                resamples=RESAMPLES,
            ),
        )

    @property
    def has_levels(self) -> bool:
        """Whether the dataset says how strong each distortion is."""
        return bool(self.snapshot.dataset.has_field(LEVEL_FIELD))

    def levels(self, values: NDArray[np.float64]) -> tuple[LevelCurve, ...]:
        """Mean of scores or targets by level within each group, in the order of the groups."""
        (places,) = self.snapshot.columns([LEVEL_FIELD])
        curves = {curve.group: curve for curve in level_curves(values, places, self.group_of)}
        return tuple(curves[group] for group in self.groups if group in curves)

    def worst_first(self, metric: str, group: str) -> list[str]:
        """Ids of a group's samples, those furthest from the metric's curve first, those without a score last."""
        table = self.table
        fit = self.fit(metric)
        members = [index for index, label in enumerate(self.group_of) if group in (ALL, label)]
        if fit is None:
            return [table.ids[index] for index in members]
        scores, targets = table.scores[metric][members], table.targets[members]
        distance = np.full(len(members), -np.inf)
        finite = np.isfinite(scores) & np.isfinite(targets)
        distance[finite] = np.abs(targets[finite] - fit.predict(scores[finite]))
        return [table.ids[members[place]] for place in np.argsort(-distance, kind="stable")]
