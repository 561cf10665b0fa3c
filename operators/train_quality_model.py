"""Operator: teach a model one's own notion of quality from labelled samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.store import (
    FAMILIES,
    REF_FIELD,
    Family,
    TrainingJob,
    check_model_name,
    count_labels,
    declared_target,
    resolve_target,
    target_fields,
)
from ..plugin.store.families import DEFAULT
from ..plugin.store.families import family as find_family
from ..plugin.vocabulary import direction
from .apply_quality_model import applied, apply_model, unreadable
from .compute import count, fraction, progress_label
from .forms import choice, chosen_direction, delegable, delegation, direction_choice, problem
from .messages import until_failure
from .model_report import report

_SETTINGS: Final = ("epochs", "learning_rate", "batch_size", "seed")

MANY_LABELS: Final = 1000
"""From this many labels on a delegated run is the default."""


class TrainQualityModel(foo.Operator):
    """Trains a model on a field of labels, and tells how good it is and what scores images with it."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "train_quality_model",
            "Train a quality model",
            "Teach a model your own notion of quality from some 200 labelled images, and see how good it is",
            "school",
        )

    def __call__(
        self,
        samples: SampleCollection,
        target: str,
        name: str,
        *,
        family: str = DEFAULT,
        lower_is_better: bool | None = None,
        apply: bool = True,
        delegate: bool = False,
        device: str = "auto",
        **settings: Any,
    ) -> foo.ExecutionResult:
        """Train from Python.

        Args:
            samples: dataset or view; samples without a label are those to learn for
            target: numeric field with the labels
            name: of the model and of the field for its scores
            family: "gaussian-process", "finetuned", "convnext", or "three-branch", which needs references
            lower_is_better: the labels' direction; by default the declared one, else what their name says
            apply: score all samples with the model
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            device: "auto", "cpu" or "cuda"
            settings: "epochs", "learning_rate", "batch_size" and "seed" of families that learn in epochs
        """
        lower = resolve_target(samples._root_dataset, target, lower_is_better).lower_is_better
        params = {
            "target": target,
            "name": name,
            "family": family,
            "direction": direction(lower),
            "apply": apply,
            "device": device,
            **settings,
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
        _family_inputs(inputs, ctx, samples)
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
        if ctx.params.get("apply"):
            yield ctx.trigger("reload_dataset")
        yield ctx.trigger("show_output", {"outputs": _output(results).to_json(), "results": results})


def _family_inputs(inputs: types.Object, ctx: foo.ExecutionContext, samples: SampleCollection) -> None:
    """The family, of those that suit the dataset, and, folded away, how it learns."""
    with_references = ctx.dataset is not None and ctx.dataset.has_field(REF_FIELD) and bool(samples.exists(REF_FIELD))
    view = types.RadioGroup()
    for name, family in FAMILIES.items():
        if with_references or not family.needs_references:
            view.add_choice(name, label=family.title, description=family.description)
    inputs.enum("family", view.values(), default=DEFAULT, required=True, label="What learns", view=view)
    defaults = chosen_family(ctx.params).settings
    if defaults is None:
        return
    inputs.bool("advanced", default=False, label="Show settings", description="They suit most datasets as they are")
    if not ctx.params.get("advanced"):
        return
    patience = f"Fewer where {defaults.patience} in a row are no better"
    inputs.int("epochs", min=1, default=defaults.epochs, label="Epochs", description=patience)
    inputs.float("learning_rate", default=defaults.learning_rate, label="Learning rate", description="At first")
    inputs.int("batch_size", min=1, default=defaults.batch_size, label="Images at a time")
    inputs.int("seed", min=0, default=defaults.seed, label="Seed", description="Of everything random")


def _work(ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield progress; put what came out into ``results``."""
    params, samples = ctx.params, ctx.target_view()
    training = TrainingJob(
        samples,
        params["target"],
        params["name"],
        family=params.get("family") or DEFAULT,
        lower_is_better=chosen_direction(params),
        device=params.get("device", "auto"),
        **_settings(params),
    )
    for state in training:
        yield {"progress": fraction(state), "label": f"Learning: {progress_label(state)}"}
    results |= training.summary.to_dict()
    if params.get("apply"):
        yield from apply_model(samples, results["model"], params["target"], params.get("device", "auto"), results)


def chosen_family(params: dict[str, Any]) -> Family:
    """The family that the form says."""
    return find_family(params.get("family") or DEFAULT)


def _settings(params: dict[str, Any]) -> dict[str, Any]:
    """The loop's settings that were given, of families that have some."""
    if chosen_family(params).settings is None:
        return {}
    return {name: params[name] for name in _SETTINGS if params.get(name) is not None}


def _problem(ctx: foo.ExecutionContext, samples: SampleCollection, target: str | None) -> str | None:
    """Why no model can be trained, if so."""
    family = ctx.params.get("family") or DEFAULT
    try:
        if target is None:
            return None
        TrainingJob.check(samples, target, family)
        if name := ctx.params.get("name"):
            check_model_name(ctx.dataset, name, family)
        if (settings := chosen_family(ctx.params).settings) is not None:
            replace(settings, **_settings(ctx.params))
    except UsageError as error:
        return str(error)
    return None


def _output(results: dict[str, Any]) -> types.Property:
    """How good the model is, and what to do next."""
    outputs = types.Object()
    report(outputs, results["name"], results["card"])
    lines = [f"The model is kept as `{results['model']}`."]
    if results.get("view"):
        lines.append(applied(results))
    else:
        lines.append("**To score images with it, choose *Apply a quality model*.**")
    outputs.md("\n\n".join(lines), name="next")
    if results["not_finite"]:
        label = f"{results['not_finite']:,} labels are NaN or infinite and were left out"
        outputs.view("not_finite", types.Warning(label=label))
    for number, note in enumerate(results["notes"]):
        outputs.view(f"note_{number}", types.Notice(label=note))
    if results["failed"]:
        unreadable(outputs, results["failed"], results["card"]["skipped"])
    return types.Property(outputs, view=types.View(label="Quality model trained"))
