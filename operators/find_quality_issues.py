"""Operator: find images that are blurry, noisy, dark, oddly sized, doubled and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.issues import ISSUES, MEASURES
from ..plugin.store import IssuesJob, box_fields
from .forms import MANY, choice, delegable, delegation, problem, slice_choice
from .work import WorkingOperator, told


class FindQualityIssues(WorkingOperator):
    """Measures the images of a view, and says which have which issue."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "find_quality_issues",
            "Find image quality issues",
            "Blurry, noisy, dark, bright, flat, clipped, grey, oddly shaped, compressed, doubled or unreadable",
            "troubleshoot",
        )

    def __call__(
        self,
        samples: SampleCollection,
        *,
        patches: str | None = None,
        slice_name: str | None = None,
        rate: float = 1.0,
        metrics: Sequence[str] = (),
        thresholds: Mapping[str, float] | None = None,
        device: str = "auto",
        delegate: bool = False,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view: images, groups with images, patches, or videos
            patches: a field of detections whose boxes to look at in place of whole images
            slice_name: slice to look at, of a grouped dataset; by default all of its images
            rate: of videos, frames a second
            metrics: no-reference metrics to score with along the way, each image being decoded once
            thresholds: where issues begin, by name; those left out stay at the stated ones
            device: "auto", "cpu" or "cuda", for the metrics
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
        """
        params = {
            "patches": patches,
            "slice_name": slice_name,
            "rate": rate,
            "score": bool(metrics),
            "metrics": list(metrics),
            "device": device,
            **{_parameter(name): value for name, value in (thresholds or {}).items()},
        }
        return self.request(samples, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Look at")
        samples = ctx.target_view()
        if samples._root_dataset.media_type == fo.core.media.VIDEO:
            inputs.float("rate", default=1.0, min=0, required=True, label="Frames a second that are looked at")
        else:
            _where(inputs, samples)
        inputs.bool("change", default=False, label="Change thresholds")
        if ctx.params.get("change"):
            for name, issue in ISSUES.items():
                measure = MEASURES[issue.measure]
                label = f"{name.capitalize()}: {measure.name.replace('_', ' ')} {issue.side}, {measure.unit}"
                inputs.float(_parameter(name), default=issue.threshold, label=label, description=measure.description)
        try:
            if not samples:
                raise UsageError("there are no samples to look at")
            _job(ctx)
        except UsageError as error:
            problem(inputs, "Cannot look at these samples", str(error))
        return types.Property(inputs, view=types.View(label=self.config.label))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return delegation(by_default=ctx.dataset is not None and len(ctx.target_view()) >= MANY)

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Look at the images; see :class:`WorkingOperator`."""
        job = _job(ctx, with_metrics=True)
        for state in job:
            yield told(state)
        results |= _results(job)

    def show(self, results: dict[str, Any]) -> types.Property:
        """How many images have each issue."""
        return _output(results)


def _where(inputs: types.Object, samples: SampleCollection) -> None:
    """Whole images or boxes, which slice, and whether to score along the way."""
    if fields := box_fields(samples):
        choice(inputs, "patches", "Boxes of (empty: whole images)", fields, None, required=False)
    slice_choice(inputs, samples)
    inputs.bool(
        "score",
        default=False,
        label="Also score with nr",
        description="Quality as people judge it; each image is decoded once for both",
    )


def _job(ctx: foo.ExecutionContext, *, with_metrics: bool = False) -> IssuesJob:
    params = ctx.params
    wanted = params.get("metrics") or ["nr"]
    return IssuesJob(
        ctx.target_view(),
        slice_name=params.get("slice_name") or None,
        patches=params.get("patches") or None,
        rate=params.get("rate") or 1.0,
        metrics=wanted if with_metrics and params.get("score") else (),
        thresholds={name: params[key] for name in ISSUES if params.get(key := _parameter(name)) is not None},
        device=params.get("device") or "auto",
    )


def _parameter(issue: str) -> str:
    """The form's name for the threshold of an issue."""
    return f"threshold_{issue.replace(' ', '_')}"


def _results(job: IssuesJob) -> dict[str, Any]:
    counts = [
        {"issue": each.issue, "images": each.images, "share": each.share, "rule": each.rule} for each in job.counts
    ]
    return {"issues": counts, "unit": job.unit}


def _output(results: dict[str, Any]) -> types.Property:
    """How results are shown."""
    outputs = types.Object()
    lines = [f"| issue | {results['unit']} | share | where |", "|---|---:|---:|---|"]
    for each in results["issues"]:
        lines.append(f"| {each['issue']} | {each['images']:,} | {100 * each['share']:.1f} % | {each['rule']} |")
    outputs.md("\n".join(lines), name="issues")
    return types.Property(outputs, view=types.View(label="Image quality issues"))
