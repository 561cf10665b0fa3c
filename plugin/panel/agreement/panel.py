"""Panel: how well metrics agree with human opinion, and which images are behind each number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.categories import Categories

from ...errors import UsageError
from ...evaluation import ALL
from ...figures.common import Figure, Layout
from ...store import (
    build_view,
    delete_evaluation,
    evaluated_view,
    fingerprint,
    list_evaluations,
    load_evaluation,
    rename_evaluation,
    save_evaluation,
    take_snapshot,
    underlying,
    view_stages,
)
from . import exports, layout
from .comparison import Comparison
from .controls import PARTS, TABS, WHOLE, Choices, Controls
from .tabs import PAGES, Page, caption, saved

_HELP: Final = """
Correlations are positive where metric and target agree, each turned by its declared direction.
PLCC, RMSE and MAE are taken after a five-parameter logistic fit. Point at a number for its 95 % interval.

- **Click a cell** to see its images, those furthest from the fitted curve first; *Reset grid* brings all back.
- **Click a point** to open its image; **draw round points** to see theirs.
- **Save** keeps view, settings and numbers as a run of the dataset.
"""

Event = Callable[["QualityVsMos", foo.ExecutionContext], None]


def _explained(event: Event) -> Event:
    """An event whose errors of usage are said to the user."""

    @wraps(event)
    def explained(self: QualityVsMos, ctx: foo.ExecutionContext) -> None:
        try:
            event(self, ctx)
        except UsageError as error:
            ctx.ops.notify(str(error), variant="error")

    return explained


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

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Handle an event. One that changes nothing is not rendered either: the App may be further by then."""
        method, state = ctx.params.get("__method__"), ctx.panel.state
        if method == "on_change_view" and self._is_ours(ctx):
            return None
        if method == "on_change_tab" and state.tab == state.drawn and not state.problem:
            # The App sends this unasked once the panel is open: time to be ready for the other statistics.
            self._comparison(ctx).prepare()
            return None
        return super().execute(ctx)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        """Pin the view and show it; after a page reload, keep the one that was pinned."""
        if not self._is_ours(ctx):
            self._pin(ctx, ctx.view)
        self._update(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Start over."""
        ctx.panel.state.set({"controls": {}, "editing": None, "opened": None})
        self._pin(ctx, ctx.view)
        self._update(ctx)

    def on_change_view(self, ctx: foo.ExecutionContext) -> None:
        """Follow the user's change of view."""
        self._pin(ctx, ctx.view)
        self._update(ctx)

    def on_change_tab(self, ctx: foo.ExecutionContext) -> None:
        """Bring a tab to the front."""
        self._update(ctx)

    def on_change_control(self, ctx: foo.ExecutionContext) -> None:
        """Show what has been chosen."""
        self._update(ctx)

    def on_change_metrics(self, ctx: foo.ExecutionContext) -> None:
        """Compare the chosen metrics."""
        # In the state that the App sends, a list is never shorter than it was before.
        ctx.panel_state["controls"]["metrics"] = ctx.params["value"]
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
        """Show the images of the clicked cell, those on which metric and target disagree most first."""
        comparison, group = self._comparison(ctx), ctx.params["y"]
        metrics = comparison.controls.metrics
        metric = ctx.params["x"] if ctx.params["x"] in metrics else metrics[0]
        ids = comparison.worst_first(metric, group)
        which = "all" if group == ALL else f"{comparison.controls.breakdown} = {group}"
        title = comparison.titles[metric]
        self._show(ctx, ids, f"**{which}**, {len(ids):,} images, furthest from the curve of {title} first")
        if metric != comparison.controls.plotted:
            ctx.panel.state.set("controls.plotted", metric)
            self._update(ctx)

    def on_click_point(self, ctx: foo.ExecutionContext) -> None:
        """Open the clicked image."""
        if ctx.params.get("id"):
            ctx.ops.open_sample(id=ctx.params["id"])

    def on_select_points(self, ctx: foo.ExecutionContext) -> None:
        """Show the images of the points drawn round."""
        ids = [point["id"] for point in ctx.params["data"] if point.get("id")]
        if ids:
            self._show(ctx, ids, f"**selected points**, {len(ids):,} images")

    def on_compute(self, ctx: foo.ExecutionContext) -> None:
        """Open the form that scores images against their references."""
        ctx.prompt(f"{self.plugin_name}/compute_full_reference", on_success=self.on_refresh)

    def on_assess(self, ctx: foo.ExecutionContext) -> None:
        """Open the form that scores images by themselves."""
        ctx.prompt(f"{self.plugin_name}/compute_no_reference", on_success=self.on_refresh)

    def on_load_dataset(self, ctx: foo.ExecutionContext) -> None:
        """Open the form that loads a published dataset."""
        ctx.prompt(f"{self.plugin_name}/load_image_quality_dataset")

    @_explained
    def on_export(self, ctx: foo.ExecutionContext) -> None:
        """Download what has been chosen."""
        file = ctx.params.get("value")
        if not file:
            return
        ctx.panel.state.set("actions.export", None)
        comparison = self._comparison(ctx)
        content = exports.content(file, comparison, self._page(ctx, comparison).figures)
        name = f"{comparison.snapshot.dataset.name}-{file}"
        ctx.ops.browser_download(exports.data_url(file, content), filename=name)

    @_explained
    def on_save(self, ctx: foo.ExecutionContext) -> None:
        """Keep what is shown as a run."""
        comparison = self._comparison(ctx)
        results = comparison.evaluation.to_dict()
        key = save_evaluation(self._evaluated(ctx), comparison.controls.to_dict(), results)
        ctx.ops.notify(f"Saved as {key}", variant="success")
        self._update(ctx)

    @_explained
    def on_open_run(self, ctx: foo.ExecutionContext) -> None:
        """Bring back the view and the settings of a saved evaluation, and say whether its numbers still hold."""
        kept = load_evaluation(ctx.dataset, self._row(ctx))
        view = evaluated_view(ctx.dataset, kept.key)
        self._pin(ctx, view)
        ctx.panel.state.set({"controls": kept.settings, "opened": kept.key})
        ctx.ops.set_view(view)
        self._update(ctx)
        if kept.agrees_with(self._comparison(ctx).evaluation):
            ctx.ops.notify(f"{kept.key}: the numbers are those that were saved", variant="success")
        else:
            ctx.ops.notify(f"{kept.key}: scores or targets have changed since it was saved", variant="warning")

    def on_edit_run(self, ctx: foo.ExecutionContext) -> None:
        """Ask for the new name of a saved evaluation, or whether to delete it."""
        ctx.panel.state.set("editing", {"key": self._row(ctx), "action": ctx.params["event"]})
        ctx.panel.state.set("form.name", self._row(ctx))

    def on_cancel_edit(self, ctx: foo.ExecutionContext) -> None:
        """Leave the saved evaluation as it is."""
        ctx.panel.state.set("editing", None)

    @_explained
    def on_rename_run(self, ctx: foo.ExecutionContext) -> None:
        """Call a saved evaluation otherwise."""
        rename_evaluation(ctx.dataset, ctx.panel.state.editing["key"], (ctx.panel.state.form or {}).get("name") or "")
        ctx.panel.state.set({"editing": None, "opened": None})
        self._update(ctx)

    @_explained
    def on_delete_run(self, ctx: foo.ExecutionContext) -> None:
        """Keep a saved evaluation no longer."""
        delete_evaluation(ctx.dataset, ctx.panel.state.editing["key"])
        ctx.panel.state.set({"editing": None, "opened": None})
        self._update(ctx)

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Lay out what ``_update`` has prepared."""
        state = ctx.panel_state
        if state.get("problem"):
            return layout.problem(self, state["problem"])
        return layout.comparison(self, state)

    def _pin(self, ctx: foo.ExecutionContext, view: fo.DatasetView) -> None:
        ctx.panel.state.set(
            {
                "base": view_stages(view),
                "base_fingerprint": fingerprint(view),
                "shown": None,
                "shown_label": None,
            }
        )

    def _pinned(self, ctx: foo.ExecutionContext) -> fo.DatasetView:
        return build_view(ctx.dataset, ctx.panel.state.base)

    def _evaluated(self, ctx: foo.ExecutionContext) -> fo.DatasetView:
        """The view that statistics are of."""
        whole = (ctx.panel.state.controls or {}).get("scope") == WHOLE
        return build_view(ctx.dataset, []) if whole else self._pinned(ctx)

    def _is_ours(self, ctx: foo.ExecutionContext) -> bool:
        """Whether the App shows the pinned view, or one that the panel has set."""
        if fingerprint(ctx.view) == ctx.panel.state.base_fingerprint:
            return True
        # Without the sidebar's filters, which come and go by themselves when a view is set.
        unfiltered = build_view(ctx.dataset, ctx.request_params.get("view"))
        return ctx.panel.state.shown is not None and fingerprint(unfiltered) == ctx.panel.state.shown

    def _show(self, ctx: foo.ExecutionContext, ids: list[str], label: str) -> None:
        view = underlying(self._evaluated(ctx)).select(ids, ordered=True)
        ctx.panel.state.set({"shown": fingerprint(view), "shown_label": label})
        ctx.ops.set_view(view)

    def _row(self, ctx: foo.ExecutionContext) -> str:
        key: str = ctx.panel.state.runs[ctx.params["row"]]["key"]
        return key

    def _comparison(self, ctx: foo.ExecutionContext) -> Comparison:
        wanted = ctx.panel.state.controls or {}
        controls = Controls.settle(ctx.dataset, Choices.of(ctx.dataset), wanted)
        return Comparison(take_snapshot(self._evaluated(ctx)), controls)

    def _page(self, ctx: foo.ExecutionContext, comparison: Comparison) -> Page:
        tab, opened = ctx.panel.state.tab, ctx.panel.state.opened
        if tab in PAGES:
            return PAGES[tab](comparison)
        if opened in list_evaluations(ctx.dataset):
            return saved(load_evaluation(ctx.dataset, opened), Choices.of(ctx.dataset).metrics)
        return Page()

    def _update(self, ctx: foo.ExecutionContext) -> None:
        """Compute what is shown."""
        state = ctx.panel.state
        choices = Choices.of(ctx.dataset)
        problem = PARTS if self._evaluated(ctx)._is_generated else choices.problem
        state.set({"problem": problem, "choices": choices.to_dict()})
        if problem:
            return
        if state.tab not in TABS:
            state.set("tab", next(iter(TABS)))
        comparison = self._comparison(ctx)
        page = self._page(ctx, comparison)
        wanted = state.controls or {}
        settled = comparison.controls.to_dict().items()
        state.set(
            {
                # Only what is not as the App has it: it answers each change of a selector with an event, and two of
                # these under way would each bring back their own choice for ever.
                **{f"controls.{name}": value for name, value in settled if wanted.get(name) != value},
                "drawn": state.tab,
                "can_widen": bool(state.base),
                "caption": caption(comparison),
                "words": page.words,
                "footnote": page.footnote,
                "layouts": {name: _layout(figure) for name, figure in page.figures.items()},
                "runs": _runs(ctx.dataset) if state.tab == "runs" else [],
                "editing": state.editing,
                # When a selector changes, the App writes the traces into the state too, and then lays the new ones
                # over them: those that are no more would stay.
                "figures": {},
            }
        )
        for name, figure in page.figures.items():
            ctx.panel.data.set(f"figures.{name}", figure.data)


def _layout(figure: Figure) -> Layout:
    """A figure's layout, by which Plotly can tell whether the traces have changed, and draws only those that have."""
    content = json.dumps(figure.data).encode()
    return {**figure.layout, "datarevision": hashlib.sha256(content).hexdigest()[:16]}


def _runs(dataset: fo.Dataset) -> list[dict[str, Any]]:
    """The saved evaluations as rows of a table."""
    return [_run_row(dataset, key) for key in list_evaluations(dataset)]


def _run_row(dataset: fo.Dataset, key: str) -> dict[str, Any]:
    kept = load_evaluation(dataset, key)
    whole = {row["metric"]: row["srcc"] for row in kept.results["rows"] if row["group"] == ALL}
    srccs = ", ".join(f"{metric} {'–' if srcc is None else f'{srcc:.3f}'}" for metric, srcc in whole.items())
    return {
        "key": key,
        "saved": kept.saved.replace("T", " ")[:16],
        "images": f"{kept.images:,}",
        "srcc": f"{srccs} with {kept.settings['target']}",
    }
