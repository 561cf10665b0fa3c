"""Operator: tell what images look bad by, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.store import CausesJob, scoring_time
from .compute import count
from .forms import MANY, delegable, delegation, plan, problem, slice_choice
from .work import WorkingOperator, told


class ExplainQuality(WorkingOperator):
    """Tells which distortion each image most likely has, and maps where it is bad."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "explain_quality",
            "Explain image quality",
            "What each image most likely looks bad by: blur, noise, compression and more, with a probability (IQA)",
            "help_center",
        )

    def __call__(
        self,
        samples: SampleCollection,
        *,
        slice_name: str | None = None,
        maps: bool = False,
        only_missing: bool = False,
        device: str = "auto",
        delegate: bool = False,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            slice_name: slice to look at, of a grouped dataset; by default all of its images
            maps: also write maps of where ``nr`` sees bad quality
            only_missing: leave images alone of which the same has been told before
            device: "auto", "cpu" or "cuda"
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
        """
        params = {"slice_name": slice_name, "maps": maps, "only_missing": only_missing, "device": device}
        return self.request(samples, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Explain")
        samples = ctx.target_view()
        slice_choice(inputs, samples)
        inputs.bool(
            "maps",
            default=False,
            label="Also map where",
            description="Quality of overlapping windows, as a heatmap; takes several times as long",
        )
        inputs.bool(
            "only_missing",
            default=False,
            label="Only images without a cause",
            description="Go on with a run that was stopped, or look at what has come since",
        )
        try:
            if not samples:
                raise UsageError("there are no samples to explain")
            _job(ctx)
        except UsageError as error:
            problem(inputs, "Cannot explain these samples", str(error))
        else:
            number = count(samples)
            time = None if ctx.params.get("maps") else scoring_time(["nr"], ctx.params.get("device"), number)
            plan(inputs, "Explains", number, "images", time)
        return types.Property(inputs, view=types.View(label=self.config.label))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY)

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Look at the images; see :class:`WorkingOperator`."""
        job = _job(ctx)
        for state in job:
            yield told(state)
        results |= {"causes": job.causes, "errors": job.errors, "unmapped": job.unmapped}

    def show(self, results: dict[str, Any]) -> types.Property:
        """How many images have which cause."""
        outputs = types.Object()
        total = sum(results["causes"].values())
        lines = ["| likely cause | images | share |", "|---|---:|---:|"]
        lines += [
            f"| {name} | {number:,} | {100 * number / total:.1f} % |" for name, number in results["causes"].items()
        ]
        outputs.md("\n".join(lines), name="causes")
        if results["errors"]:
            failed = "\n".join(f"- {number:,} failed: {reason}" for reason, number in results["errors"].items())
            outputs.md(failed, name="errors")
        if unmapped := results["unmapped"]:
            outputs.md(f"- {unmapped:,} without a map: too narrow for a window", name="unmapped")
        return types.Property(outputs, view=types.View(label="What images look bad by"))


def _job(ctx: foo.ExecutionContext) -> CausesJob:
    params = ctx.params
    return CausesJob(
        ctx.target_view(),
        slice_name=params.get("slice_name") or None,
        maps=bool(params.get("maps")),
        only_missing=bool(params.get("only_missing")),
        device=params.get("device") or "auto",
    )
