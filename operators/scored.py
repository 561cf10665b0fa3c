"""What a run of scoring came to, as the App shows it: counts, how the scores are spread, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.figures.distribution import grade_counts, score_histogram
from ..plugin.store import Summary, declared_target, evaluate_view, spread, view_stages

PLUGIN: Final = "@deepmse/image-quality"
_SHOWN_KINDS: Final = 5


def scored(ctx: foo.ExecutionContext, summaries: tuple[Summary, ...]) -> dict[str, Any]:
    """What came out of each metric, how its scores are spread, and how well they agree with a declared target.

    Args:
        ctx: of the run
        summaries: of the metrics
    """
    samples = ctx.target_view().view()
    metrics = [{**summary.to_dict(), "spread": spread(samples, summary.field).to_dict()} for summary in summaries]
    if declared_target(ctx.dataset) is not None:
        evaluation = evaluate_view(samples, metrics=[summary.field for summary in summaries])
        for metric, row in zip(metrics, evaluation.rows, strict=True):
            metric["agreement"] = {"target": evaluation.target, "n": row.n, "srcc": row.srcc}
    return {"metrics": metrics, "stages": view_stages(samples)}


def show(results: dict[str, Any]) -> types.Property:
    """How it is shown.

    Args:
        results: what :func:`scored` gave
    """
    outputs = types.Object()
    for number, metric in enumerate(results["metrics"]):
        outputs.md("\n".join(_report(metric)), name=f"report_{number}")
        show_spread(outputs, metric["spread"], results["stages"], str(number), panel=bool(metric.get("agreement")))
    show_warnings(outputs, [warning for metric in results["metrics"] for warning in metric["warnings"]])
    return types.Property(outputs, view=types.View(label="Image quality computed"))


def show_warnings(outputs: types.Object, warnings: Sequence[str]) -> None:
    """Add what to know before trusting the scores, each thing once."""
    if warnings:
        outputs.view("warnings_text", types.Warning(label="Note", description=" ".join(dict.fromkeys(warnings))))


def show_spread(
    outputs: types.Object,
    found: dict[str, Any],
    stages: list[dict[str, Any]],
    name: str = "",
    *,
    panel: bool = False,
) -> None:
    """Add how scores are spread, and buttons that show and tag the worst images; nothing where there are none.

    Args:
        outputs: to add to
        found: a ``Spread`` as JSON
        stages: of the view that was scored
        name: tells this metric's from others' within ``outputs``
        panel: whether to add a button that opens the panel
    """
    if not found["counts"]:
        return
    figure = (
        grade_counts(found["grades"])
        if found["grades"]
        else score_histogram(found["counts"], found["edges"], found["field"])
    )
    outputs.plot(f"spread_{name}", data=figure.data, layout=figure.layout, config={"displayModeBar": False})
    worst = {"params": {"field": found["field"], "stages": stages}}
    show, tag = f"{PLUGIN}/show_worst_images", f"{PLUGIN}/tag_worst_images"
    row = outputs.h_stack(f"next_{name}", gap=2)
    row.btn("show", "Show the worst first", icon="south", variant="contained", on_click=show, **worst)
    row.btn("tag", "Tag the worst…", icon="sell", variant="outlined", on_click=tag, prompt=True, **worst)
    if panel:
        where = {"name": "quality_vs_mos", "isActive": True, "layout": "horizontal"}
        row.btn("panel", "Open the panel", icon="insights", variant="outlined", on_click="open_panel", params=where)


def _report(metric: dict[str, Any]) -> list[str]:
    """Lines of Markdown on one metric."""
    counts = [f"{metric['scored']:,} scored"]
    counts += [f"{metric['failed']:,} failed"] if metric["failed"] else []
    counts += [f"{metric['skipped']:,} skipped: they had a score"] if metric["skipped"] else []
    lines = [f"### {metric['field']}", "", f"{', '.join(counts)}. Recorded as the run `{metric['run_key']}`.", ""]
    if kinds := metric["errors"]:
        field = f"`{metric['field']}_error`"
        lines += [f"**Not scored** ({field} says why, of each image):", ""]
        lines += [f"- {count:,} × {kind}" for kind, count in kinds[:_SHOWN_KINDS]]
        if len(kinds) > _SHOWN_KINDS:
            lines.append(f"- … and {len(kinds) - _SHOWN_KINDS} other reasons")
        lines.append("")
    agreement = metric.get("agreement")
    if agreement and agreement["srcc"] is not None:
        lines.append(
            f"SRCC with **{agreement['target']}**: **{agreement['srcc']:.3f}** (n = {agreement['n']:,}). "
            "The panel *Quality vs. opinion* breaks it down."
        )
    return lines
