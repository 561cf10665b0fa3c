"""Panel: how well a metric agrees with human opinion, and which images are behind each number."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
from fiftyone.operators import types
from fiftyone.operators.categories import Categories

from ..evaluation import Row, fit_curve
from ..evaluation.report import ALL
from ..store import QualityTable, build_view, fingerprint, read_table, select_group, view_stages
from . import figures, layout
from .controls import Choices, Controls

MAX_POINTS: Final = 5000
"""Most points of the scatter plot: more make the browser slow."""

MAX_GROUPS: Final = 60
"""Most rows of the heatmap: a field with more values is no breakdown."""

_HELP: Final = """
**Rows** are groups of images, **columns** are statistics of one metric against one target.
Correlations are positive where metric and target agree, each turned by its declared direction.
PLCC and RMSE are taken after a five-parameter logistic fit.

- Click a row to see its images; click *all* or *Reset* to come back.
- Click a point to open its image; draw round points to see theirs.
"""


class QualityVsMos(foo.Panel):
    """Statistics by group, scores against targets, and the way from both to the images.

    Statistics are those of a pinned view: the one in the App when the panel was opened or when the user last
    changed it. Views that the panel itself sets do not change them.
    """

    @property
    def config(self) -> foo.PanelConfig:
        """What the App shows."""
        return foo.PanelConfig(
            name="quality_vs_mos",
            label="Quality vs. opinion",
            icon="insights",
            help_markdown=_HELP,
            category=Categories.ANALYZE,
        )

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Pin the view and show it; after a page reload, keep the one that was pinned."""
        if not self._is_ours(ctx):
            self._pin(ctx)
        self._update(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Start over."""
        ctx.panel.state.set("controls", {})
        self._pin(ctx)
        self._update(ctx)

    def on_change_view(self, ctx: foo.ExecutionContext) -> None:
        """Follow the user's changes of view, not the panel's own."""
        if not self._is_ours(ctx):
            self._pin(ctx)
            self._update(ctx)

    def on_change_control(self, ctx: foo.ExecutionContext) -> None:
        """Show what has been chosen."""
        self._update(ctx)

    def on_change_target(self, ctx: foo.ExecutionContext) -> None:
        """Show another target, with the direction that is declared for it."""
        ctx.panel.state.set("controls.direction", None)
        self._update(ctx)

    def on_refresh(self, ctx: foo.ExecutionContext) -> None:
        """Read the data again, e.g. after scores have been computed."""
        self._update(ctx)

    def on_reset(self, ctx: foo.ExecutionContext) -> None:
        """Bring the pinned view back to the grid."""
        ctx.panel.state.set({"shown": None, "shown_label": None})
        ctx.ops.set_view(self._pinned(ctx))

    def on_click_cell(self, ctx: foo.ExecutionContext) -> None:
        """Show the images of the clicked row."""
        group = ctx.params["y"]
        field = Controls(**ctx.panel.state.controls).group_field
        if group == ALL or field is None:
            self.on_reset(ctx)
        else:
            self._show(ctx, select_group(self._pinned(ctx), field, group), f"{field} = {group}")

    def on_click_point(self, ctx: foo.ExecutionContext) -> None:
        """Open the clicked image."""
        if ctx.params.get("id"):
            ctx.ops.open_sample(id=ctx.params["id"])

    def on_select_points(self, ctx: foo.ExecutionContext) -> None:
        """Show the images of the points drawn round."""
        ids = [point["id"] for point in ctx.params["data"] if point.get("id")]
        if ids:
            self._show(ctx, self._pinned(ctx).select(ids), "selected points")

    def on_compute(self, ctx: foo.ExecutionContext) -> None:
        """Open the form that computes scores."""
        ctx.prompt(f"{self.plugin_name}/compute_full_reference", on_success=self.on_refresh)

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what ``_update`` has prepared."""
        state = ctx.panel_state
        if state.get("problem"):
            return layout.problem(self, state["problem"])
        return layout.comparison(self, state)

    def _pin(self, ctx: foo.ExecutionContext) -> None:
        ctx.panel.state.set(
            {
                "base": view_stages(ctx.view),
                "base_fingerprint": fingerprint(ctx.view),
                "shown": None,
                "shown_label": None,
            }
        )

    def _pinned(self, ctx: foo.ExecutionContext) -> fo.DatasetView:
        return build_view(ctx.dataset, ctx.panel.state.base)

    def _is_ours(self, ctx: foo.ExecutionContext) -> bool:
        """Whether the App shows the pinned view, or one that the panel has set."""
        if fingerprint(ctx.view) == ctx.panel.state.base_fingerprint:
            return True
        # Without the sidebar's filters, which come and go by themselves when a view is set.
        unfiltered = build_view(ctx.dataset, ctx.request_params.get("view"))
        return ctx.panel.state.shown is not None and fingerprint(unfiltered) == ctx.panel.state.shown

    def _show(self, ctx: foo.ExecutionContext, view: fo.DatasetView, label: str) -> None:
        ctx.panel.state.set({"shown": fingerprint(view), "shown_label": f"**{label}**, {len(view):,} images"})
        ctx.ops.set_view(view)

    def _update(self, ctx: foo.ExecutionContext) -> None:
        """Compute what is shown."""
        state = ctx.panel.state
        choices = Choices.of(ctx.dataset)
        state.set({"problem": choices.problem, "choices": choices.to_dict()})
        if choices.problem:
            return
        controls = Controls.settle(ctx.dataset, choices, state.controls or {})
        table = read_table(
            self._pinned(ctx),
            controls.target,
            [controls.metric],
            controls.group_field,
            lower_is_better=controls.lower_is_better,
        )
        remark = ""
        if (n_groups := len(set(table.groups or ()))) > MAX_GROUPS:
            remark = f"{controls.breakdown} has {n_groups:,} values, too many to break down by"
            table = replace(table, breakdown=None, groups=None)
        rows = table.evaluate().rows
        state.set({"controls": controls.to_dict(), "groups": [row.group for row in rows]})
        state.set(_texts(table, rows[0], remark))
        ctx.panel.data.set("heatmap", figures.heatmap(rows))
        ctx.panel.data.set("scatter", _scatter(table, [row.group for row in rows]))


def _scatter(table: QualityTable, rows: list[str]) -> figures.Figure:
    (scores,), targets = table.scores.values(), table.targets
    drawable = np.flatnonzero(np.isfinite(scores) & np.isfinite(targets))
    return figures.scatter(
        [table.ids[index] for index in drawable],
        scores[drawable],
        targets[drawable],
        [table.groups[index] if table.groups else ALL for index in drawable],
        order=rows[1:] or rows,
        fit=fit_curve(scores, targets),
        limit=MAX_POINTS,
    )


def _texts(table: QualityTable, whole: Row, remark: str) -> dict[str, str]:
    """What the panel says in words."""
    (metric,), target = table.metrics.values(), table.target
    caption = [f"**{whole.n:,} images**"]
    if whole.n_missing:
        caption.append(f"{whole.n_missing:,} more without score or target")
    caption.append(f"target **{target.field}**: {target.kind or 'of unknown kind'}, {target.direction}")
    if remark:
        caption.append(remark)
    footnote = [f"Target from {target.source}."] if target.source else []
    footnote += target.notes
    if whole.n > MAX_POINTS:
        footnote.append(
            f"The plot shows a random {MAX_POINTS:,} of {whole.n:,} images; curve and statistics use all of them."
        )
    return {
        "caption": " · ".join(caption),
        "footnote": " ".join(footnote),
        "x_title": f"{metric.title} ({'lower' if metric.lower_is_better else 'higher'} is better)",
        "y_title": f"{target.field} ({target.direction})",
    }
