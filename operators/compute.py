"""What the operators that score images share: the form, immediate and delegated runs, the summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.metrics import Kind, metric_info, metric_names
from ..plugin.metrics.inventory import lack
from ..plugin.store import (
    Progress,
    ScoringJob,
    Source,
    check_score_fields,
    declared_target,
    evaluate_view,
    trained_models,
    underlying,
)
from .forms import delegation, problem
from .messages import until_failure

MANY_SAMPLES: Final = 2000
"""From this size on a delegated run is the default: an immediate one holds the App's server."""

_SHOWN_ERRORS: Final = 5

_KINDS: Final = {"FR": "compares with references", "NR": "needs no references"}


class ComputeOperator(foo.Operator):
    """Scores the images of a view with metrics of one kind and writes the scores to fields."""

    kind: Kind
    default_metric: str

    def source(self, params: dict[str, Any]) -> Source:
        """Where the images are, as the form says."""
        raise NotImplementedError

    def source_inputs(self, inputs: types.Object, samples: SampleCollection) -> None:
        """The part of the form that says where the images are."""
        raise NotImplementedError

    def metrics(self, params: dict[str, Any]) -> list[str]:
        """The trained model if one is named, else the chosen metrics."""
        return [params["model"]] if params.get("model") else list(params.get("metrics") or [self.default_metric])

    def extra_inputs(self, inputs: types.Object) -> None:
        """What else the form asks."""

    def run(self, samples: SampleCollection, *, delegate: bool, **params: Any) -> foo.ExecutionResult:
        """Run the operator from Python."""
        request = {"view": samples.view(), "params": params, "request_delegation": delegate}
        return foo.execute_operator(self.uri, request)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Score")
        _metrics_input(inputs, self.kind, self.default_metric, weights_given=bool(ctx.params.get("weights")))
        _model_input(inputs, ctx.dataset, self.kind)
        samples = ctx.target_view()
        self.source_inputs(inputs, samples)
        inputs.bool(
            "only_missing",
            default=False,
            label="Only samples without a score",
            description="Leave existing scores alone. Do not mix scores of different weights or settings",
        )
        self.extra_inputs(inputs)
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
        self._problem_or_note(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=self.config.label))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY_SAMPLES)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any] | dict[str, Any]:
        """Do the work: in the App a stream of messages, delegated the summary."""
        if not ctx.delegated:
            return until_failure(ctx, self._stream(ctx))
        job = self._job(ctx)
        for state in job:
            ctx.set_progress(progress=fraction(state), label=progress_label(state))
        return _results(ctx, job)

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The summary; an immediate run has none here, it has shown its own."""
        return _output(ctx.results) if ctx.results else types.Property(types.Object())

    def _stream(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        job = self._job(ctx)
        for state in job:
            yield ctx.trigger("set_progress", {"progress": fraction(state), "label": progress_label(state)})
        yield ctx.trigger("reload_dataset")
        results = _results(ctx, job)
        yield ctx.trigger("show_output", {"outputs": _output(results).to_json(), "results": results})

    def _job(self, ctx: foo.ExecutionContext) -> ScoringJob:
        params = ctx.params
        settings = {key: params[key] for key in ("device", "batch_size") if params.get(key)}
        if params.get("weights"):
            settings["weights"] = Path(params["weights"])
        return ScoringJob(
            ctx.target_view(),
            self.metrics(params),
            source=self.source(params),
            only_missing=params.get("only_missing", False),
            error_maps=params.get("error_maps", True),
            **settings,
        )

    def _problem_or_note(self, inputs: types.Object, ctx: foo.ExecutionContext, samples: SampleCollection) -> None:
        """What stops the run, or what is good to know before it."""
        try:
            self.source(ctx.params).check(samples)
            for name in self.metrics(ctx.params):
                info = metric_info(name)
                if info.kind != self.kind:
                    raise UsageError(f"{info.title} {_KINDS[info.kind]}; the other compute operator scores with it")
                check_score_fields(samples._root_dataset, info)
            if not samples:
                raise UsageError("there are no samples to score")
        except UsageError as error:
            problem(inputs, "Cannot score these samples", str(error))
            return
        if (number := count(samples)) >= MANY_SAMPLES:
            inputs.view(
                "note",
                types.Notice(
                    label=f"{number:,} samples",
                    description="Better scheduled than executed now. Scheduled runs need a worker: "
                    "start one with `fiftyone delegated launch`",
                ),
            )


def count(samples: SampleCollection) -> int:
    """How many samples a view stands for; 0 where it is of parts of images, which no operator takes."""
    return 0 if samples._is_generated else len(underlying(samples))


def weights_input(inputs: types.Object) -> None:
    """The part of the form that names the weights."""
    inputs.str(
        "weights",
        label="Weights",
        description="File or folder. Empty: found in the usual places or downloaded",
    )


def _model_input(inputs: types.Object, dataset: fo.Dataset | None, kind: Kind) -> None:
    """A trained model in place of the metrics: one of the dataset's, or any file."""
    view = types.AutocompleteView(allow_user_input=True)
    for path in [] if dataset is None else trained_models(dataset, kind):
        view.add_choice(str(path), label=f"{path.stem}: {path}")
    inputs.str(
        "model",
        label="Trained model",
        description="In place of the metrics above: one of this dataset's, or a file that `deepmse train` wrote",
        view=view,
    )


def _metrics_input(inputs: types.Object, kind: Kind, default: str, *, weights_given: bool) -> None:
    """The choice of metrics: those that can be computed here, and below it what the others lack."""
    choices = types.DropdownView(multiple=True)
    lacking = []
    for metric in map(metric_info, metric_names(kind)):
        if missing := lack(metric, weights_given=weights_given):
            lacking.append(f"{metric.title}: {missing}.")
        else:
            choices.add_choice(metric.name, label=metric.title, description=metric.citation)
    offered = choices.values()
    inputs.list(
        "metrics",
        types.String(),
        default=[default] if default in offered else offered[:1],
        required=True,
        label="Metrics",
        description="Each image is decoded once for all of them",
        view=choices,
    )
    if lacking:
        label = f"{len(lacking)} metrics cannot be computed here"
        inputs.view("lacking", types.Notice(label=label, description=" ".join(lacking)))


def fraction(state: Progress) -> float:
    """How much of the work is done, 0 to 1."""
    return state.done / state.total if state.total else 1.0


def progress_label(state: Progress) -> str:
    """How much of the work is done, in words."""
    failed = f", {state.failed:,} failed" if state.failed else ""
    note = f", {state.note}" if state.note else ""
    return f"{state.done:,} of {state.total:,} {state.unit} done{failed}{note}"


def _results(ctx: foo.ExecutionContext, job: ScoringJob) -> dict[str, Any]:
    """The summary of each metric and, where the dataset declares a target, how well its scores agree with it."""
    summaries = [summary.to_dict() for summary in job.summaries]
    if declared_target(ctx.dataset) is not None:
        evaluation = evaluate_view(ctx.target_view(), metrics=[summary["field"] for summary in summaries])
        for summary, row in zip(summaries, evaluation.rows, strict=True):
            summary["agreement"] = {"target": evaluation.target, "n": row.n, "srcc": row.srcc}
    return {"metrics": summaries}


def _output(results: dict[str, Any]) -> types.Property:
    """How results are shown."""
    outputs = types.Object()
    for number, summary in enumerate(results["metrics"]):
        outputs.md("\n".join(_report(summary)), name=f"report_{number}")
    warnings = dict.fromkeys(warning for summary in results["metrics"] for warning in summary["warnings"])
    if warnings:
        outputs.view("warnings_text", types.Warning(label="Note", description=" ".join(warnings)))
    return types.Property(outputs, view=types.View(label="Image quality computed"))


def _report(summary: dict[str, Any]) -> list[str]:
    """Lines of Markdown on one metric."""
    counts = [f"{summary['scored']:,} scored"]
    counts += [f"{summary['failed']:,} failed"] if summary["failed"] else []
    counts += [f"{summary['skipped']:,} skipped: they had a score"] if summary["skipped"] else []
    lines = [f"### {summary['field']}", "", f"{', '.join(counts)}. Recorded as the run `{summary['run_key']}`.", ""]
    errors = summary["errors"]
    if errors:
        lines += ["**Not scored:**", "", *(f"- {count} × {reason}" for reason, count in errors[:_SHOWN_ERRORS])]
        if len(errors) > _SHOWN_ERRORS:
            lines.append(f"- … and {len(errors) - _SHOWN_ERRORS} other reasons")
        lines.append("")
    agreement = summary.get("agreement")
    if agreement and agreement["srcc"] is not None:
        lines.append(
            f"SRCC with **{agreement['target']}**: **{agreement['srcc']:.3f}** (n = {agreement['n']:,}). "
            "The panel *Quality vs. opinion* breaks it down."
        )
    return lines
