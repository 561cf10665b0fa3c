"""Operator: teach a model one's own notion of quality from labelled samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.store import (
    ScoringJob,
    TrainingJob,
    check_model_name,
    count_labels,
    declared_target,
    resolve_target,
    save_uncertain_view,
    target_fields,
)
from ..plugin.vocabulary import direction
from .compute import count, fraction, progress_label
from .forms import choice, chosen_direction, delegable, delegation, direction_choice, problem
from .messages import until_failure

MANY_LABELS: Final = 1000
"""From this many labels on a delegated run is the default."""


class TrainQualityModel(foo.Operator):
    """Trains a no-reference model on a field of labels, tells how good it is, and scores the view with it."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "train_quality_model",
            "Train a quality model",
            "Teach a model your own notion of quality from some 200 labelled images, and score the rest with it",
            "school",
        )

    def __call__(
        self,
        samples: SampleCollection,
        target: str,
        name: str,
        *,
        lower_is_better: bool | None = None,
        apply: bool = True,
        delegate: bool = False,
        device: str = "auto",
    ) -> foo.ExecutionResult:
        """Train from Python.

        Args:
            samples: dataset or view; samples without a label are those to learn for
            target: numeric field with the labels
            name: of the model and of the field for its scores
            lower_is_better: the labels' direction; by default the declared one, else what their name says
            apply: score all samples with the model
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            device: "auto", "cpu" or "cuda"
        """
        lower = resolve_target(samples._root_dataset, target, lower_is_better).lower_is_better
        params = {
            "target": target,
            "name": name,
            "direction": direction(lower),
            "apply": apply,
            "device": device,
        }
        request = {"view": samples.view(), "params": params, "request_delegation": delegate}
        return foo.execute_operator(self.uri, request)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Learn from")
        samples = ctx.target_view()
        fields = target_fields(ctx.dataset)
        declared = declared_target(ctx.dataset)
        default = declared.field if declared else None
        choice(inputs, "target", "Labels: a numeric field", fields, default)
        target = ctx.params.get("target") or default
        lower = target in fields and resolve_target(ctx.dataset, target).lower_is_better
        titles = "Higher is better", "Lower is better"
        direction_choice(inputs, "The labels' direction", *titles, lower_is_better=lower)
        inputs.str(
            "name",
            default="my_quality",
            required=True,
            label="Name of the model",
            description="Also the field of its scores; the same name again replaces the model",
        )
        inputs.bool(
            "apply",
            default=True,
            label="Score all images with it",
            description="And save a view of those without a label that it is least sure of, to label next",
        )
        if wrong := _problem(ctx, samples, target):
            problem(inputs, "Cannot learn from these samples", wrong)
        elif target:
            labelled, not_finite = count_labels(samples, target)
            text = f"Learns from {labelled:,} labels of {count(samples):,} images"
            if not_finite:
                text += f"; {not_finite:,} labels that are NaN or infinite count as missing"
            inputs.view("count", types.Notice(label=text))
        return types.Property(inputs, view=types.View(label="Train a quality model"))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many labels."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY_LABELS)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any] | dict[str, Any]:
        """Train and score: in the App a stream of progress, delegated the result."""
        if not ctx.delegated:
            return until_failure(ctx, self._stream(ctx))
        results: dict[str, Any] = {}
        for state in _work(ctx, results):
            ctx.set_progress(**state)
        return results

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """How good the model is."""
        return _output(ctx.results) if ctx.results else types.Property(types.Object())

    def _stream(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        results: dict[str, Any] = {}
        for state in _work(ctx, results):
            yield ctx.trigger("set_progress", state)
        yield ctx.trigger("reload_dataset")
        yield ctx.trigger("show_output", {"outputs": _output(results).to_json(), "results": results})


def _work(ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield progress; put what came out into ``results``."""
    params, samples = ctx.params, ctx.target_view()
    training = TrainingJob(
        samples,
        params["target"],
        params["name"],
        lower_is_better=chosen_direction(params),
        device=params.get("device", "auto"),
    )
    for state in training:
        yield {"progress": fraction(state), "label": f"Learning: {progress_label(state)}"}
    results |= training.summary.to_dict()
    if not params.get("apply", True):
        return
    scoring = ScoringJob(samples, [training.summary.model], device=params.get("device", "auto"))
    for state in scoring:
        yield {"progress": fraction(state), "label": f"Scoring: {progress_label(state)}"}
    results["scored"] = scoring.summaries[0].scored
    results["failed"] += scoring.summaries[0].failed
    results["view"] = save_uncertain_view(samples, training.summary.model, params["target"])


def _problem(ctx: foo.ExecutionContext, samples: SampleCollection, target: str | None) -> str | None:
    """Why no model can be trained, if so."""
    try:
        if target is None:
            return None
        TrainingJob.check(samples, target)
        if name := ctx.params.get("name"):
            check_model_name(ctx.dataset, name)
    except UsageError as error:
        return str(error)
    return None


def _output(results: dict[str, Any]) -> types.Property:
    """The cross-validated agreement, and what to do next."""
    outputs = types.Object()
    low, high = results["srcc_interval"] or (None, None)
    interval = "" if low is None else f" (95 % interval {low:.3f} to {high:.3f})"
    lines = [
        f"### {results['name']}",
        "",
        results["in_words"],
        "",
        f"Cross-validated on {results['n']:,} labels: SRCC **{_number(results['srcc'])}**{interval}; "
        f"after a logistic fit PLCC **{_number(results['plcc'])}** and RMSE **{_number(results['rmse'])}**. "
        f"Its 95 % intervals hold {results['coverage']:.0%} of the labels.",
        "",
        f"The model is kept as `{results['model']}`.",
    ]
    if results.get("view"):
        lines += [
            "",
            f"{results['scored']:,} images now have a score in `{results['name']}`. The saved view "
            f"**{results['view']}** has those without a label that it is least sure of: label them, and train again.",
        ]
    outputs.md("\n".join(lines), name="report")
    if results["not_finite"]:
        label = f"{results['not_finite']:,} labels are NaN or infinite and were left out"
        outputs.view("not_finite", types.Warning(label=label))
    for number, note in enumerate(results["notes"]):
        outputs.view(f"note_{number}", types.Notice(label=note))
    if results["failed"]:
        outputs.view("failed", types.Warning(label=f"{results['failed']:,} images could not be read"))
    return types.Property(outputs, view=types.View(label="Quality model trained"))


def _number(value: float | None) -> str:
    return "none, all scores are the same" if value is None else f"{value:.3f}"
