"""Operator: score distorted images against their references."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.metrics import metric_info, metric_names
from ..plugin.store import (
    FullReferenceJob,
    PairSource,
    Progress,
    declared_target,
    evaluate_view,
    is_grouped,
    path_fields,
)
from .forms import choice, problem

MANY_SAMPLES: Final = 2000
"""From this size on a delegated run is the default: an immediate one holds the App's server."""

_SHOWN_ERRORS: Final = 5


class ComputeFullReference(foo.Operator):
    """Scores the pairs of a view with a full-reference metric and writes the scores to fields."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="compute_full_reference",
            label="Compute full-reference image quality",
            description="Score distorted images against their references, e.g. with DeepMSE",
            icon="compare",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            risk_level="medium",
        )

    def __call__(
        self,
        samples: SampleCollection,
        metric: str = "deepmse",
        *,
        delegate: bool = False,
        ref_field: str = PairSource.ref_field,
        ref_slice: str = PairSource.ref_slice,
        dist_slice: str = PairSource.dist_slice,
        only_missing: bool = False,
        error_maps: bool = True,
        device: str = "auto",
        batch_size: int | None = None,
        weights: str | None = None,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            metric: name of a full-reference metric
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            ref_field: field with the references' paths, in a flat dataset
            ref_slice: slice with the references, in a grouped dataset
            dist_slice: slice with the distorted images, in a grouped dataset
            only_missing: leave samples alone that have a score
            error_maps: write error maps too
            device: "auto", "cpu" or "cuda"
            batch_size: images at a time; None for what suits the device
            weights: path of the weights; None to search
        """
        params = {
            "metric": metric,
            "ref_field": ref_field,
            "ref_slice": ref_slice,
            "dist_slice": dist_slice,
            "only_missing": only_missing,
            "error_maps": error_maps,
            "device": device,
            "batch_size": batch_size,
            "weights": weights,
        }
        request = {"view": samples.view(), "params": params, "request_delegation": delegate}
        return foo.execute_operator(self.uri, request)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Score")
        _metric_input(inputs)
        samples = ctx.target_view()
        _source_inputs(inputs, samples)
        inputs.bool(
            "only_missing",
            default=False,
            label="Only samples without a score",
            description="Leave existing scores alone. Do not mix scores of different weights or settings",
        )
        inputs.bool(
            "error_maps",
            default=True,
            label="Save error maps",
            description="Show where the images differ, as an overlay on each sample",
        )
        device = types.DropdownView()
        for value, label in (("auto", "Automatic"), ("cpu", "CPU"), ("cuda", "GPU (CUDA)")):
            device.add_choice(value, label=label)
        inputs.enum("device", device.values(), default="auto", required=True, label="Device", view=device)
        inputs.int(
            "batch_size",
            min=1,
            label="Batch size",
            description="Empty: what suits the device",
        )
        inputs.str(
            "weights",
            label="Weights file",
            description="Empty: found in the usual places or downloaded",
        )
        _problem_or_note(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label="Compute full-reference image quality"))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return foo.ExecutionOptions(
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            default_choice_to_delegated=ctx.dataset is not None and len(ctx.target_view()) >= MANY_SAMPLES,
        )

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any] | dict[str, Any]:
        """Do the work: in the App a stream of messages, delegated the summary."""
        job = _job(ctx)
        if not ctx.delegated:
            return self._stream(ctx, job)
        for state in job:
            ctx.set_progress(progress=_fraction(state), label=_label(state))
        return _results(ctx, job)

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The summary; an immediate run has none here, it has shown its own."""
        return _output(ctx.results) if ctx.results else types.Property(types.Object())

    def _stream(self, ctx: foo.ExecutionContext, job: FullReferenceJob) -> Iterator[Any]:
        for state in job:
            yield ctx.trigger("set_progress", {"progress": _fraction(state), "label": _label(state)})
        yield ctx.trigger("reload_dataset")
        results = _results(ctx, job)
        yield ctx.trigger("show_output", {"outputs": _output(results).to_json(), "results": results})


def _job(ctx: foo.ExecutionContext) -> FullReferenceJob:
    params = ctx.params
    settings: dict[str, Any] = {
        "device": params.get("device", "auto"),
        "batch_size": params.get("batch_size"),
    }
    if params.get("weights"):
        settings["weights"] = Path(params["weights"])
    return FullReferenceJob(
        ctx.target_view(),
        params["metric"],
        source=_source(params),
        only_missing=params.get("only_missing", False),
        error_maps=params.get("error_maps", True),
        **settings,
    )


def _source(params: dict[str, Any]) -> PairSource:
    names = ("ref_field", "ref_slice", "dist_slice")
    return PairSource(**{name: params[name] for name in names if params.get(name)})


def _metric_input(inputs: types.Object) -> None:
    choices = types.DropdownView()
    names = metric_names("FR")
    for name in names:
        metric = metric_info(name)
        choices.add_choice(name, label=metric.title, description=metric.citation)
    inputs.enum("metric", names, default=names[0], required=True, label="Metric", view=choices)


def _source_inputs(inputs: types.Object, samples: SampleCollection) -> None:
    dataset = samples._root_dataset
    if is_grouped(samples):
        for name, label in (
            ("ref_slice", "Slice of references"),
            ("dist_slice", "Slice of distorted images"),
        ):
            default = getattr(PairSource, name)
            choice(inputs, name, label, dataset.group_slices, default)
    else:
        choice(inputs, "ref_field", "Field with the reference's path", path_fields(dataset), PairSource.ref_field)


def _problem_or_note(inputs: types.Object, ctx: foo.ExecutionContext, samples: SampleCollection) -> None:
    """What stops the run, or what is good to know before it."""
    try:
        _source(ctx.params).check(samples)
        if not samples:
            raise UsageError("there are no samples to score")
    except UsageError as error:
        problem(inputs, "Cannot score these samples", str(error))
        return
    if len(samples) >= MANY_SAMPLES:
        inputs.view(
            "note",
            types.Notice(
                label=f"{len(samples):,} samples",
                description="Better scheduled than executed now. Scheduled runs need a worker: "
                "start one with `fiftyone delegated launch`",
            ),
        )


def _fraction(state: Progress) -> float:
    return state.done / state.total if state.total else 1.0


def _label(state: Progress) -> str:
    failed = f", {state.failed:,} failed" if state.failed else ""
    return f"{state.done:,} of {state.total:,} pairs done{failed}"


def _results(ctx: foo.ExecutionContext, job: FullReferenceJob) -> dict[str, Any]:
    """The summary and, where the dataset declares a target, how well the scores agree with it."""
    results = job.summary.to_dict()
    if declared_target(ctx.dataset) is not None:
        evaluation = evaluate_view(ctx.target_view(), metrics=[job.summary.field])
        results["agreement"] = {
            "target": evaluation.target,
            "n": evaluation.rows[0].n,
            "srcc": evaluation.rows[0].srcc,
        }
    return results


def _output(results: dict[str, Any]) -> types.Property:
    """How results are shown; properties named as a result show its value, the others their text."""
    outputs = types.Object()
    outputs.int("scored", label="Scored")
    outputs.int("failed", label="Failed")
    outputs.int("skipped", label="Skipped, had a score")
    outputs.str("field", label="Field")
    outputs.str("run_key", label="Run")
    errors = results["errors"]
    if errors:
        lines = [f"- {count} × {reason}" for reason, count in errors[:_SHOWN_ERRORS]]
        if len(errors) > _SHOWN_ERRORS:
            lines.append(f"- … and {len(errors) - _SHOWN_ERRORS} other reasons")
        outputs.md("\n".join(["**Not scored:**", "", *lines]), name="reasons_text")
    if results["warnings"]:
        outputs.view("warnings_text", types.Warning(label="Note", description=" ".join(results["warnings"])))
    agreement = results.get("agreement")
    if agreement and agreement["srcc"] is not None:
        outputs.md(
            f"SRCC with **{agreement['target']}**: **{agreement['srcc']:.3f}** (n = {agreement['n']:,}). "
            "The panel *Quality vs. opinion* breaks it down.",
            name="agreement_text",
        )
    return types.Property(outputs, view=types.View(label="Image quality computed"))
