"""Operator: teach a model one's own notion of quality from labelled samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    check_numbers,
    count_labels,
    declared_target,
    resolve_target,
    target_fields,
    training_time,
    word_sources,
    write_labels,
)
from ..plugin.store.families import DEFAULT
from ..plugin.store.families import family as find_family
from ..plugin.vocabulary import direction
from .apply_quality_model import applied, apply_model, unreadable
from .compute import count
from .forms import choice, chosen_direction, delegable, delegation, direction_choice, plan, problem, settings
from .model_report import report
from .word_labels import chosen_numbers, word_inputs
from .work import WorkingOperator, told

_SETTINGS: Final = ("epochs", "learning_rate", "batch_size", "seed")

MANY_LABELS: Final = 1000
"""From this many labels on a delegated run is the default."""


class TrainQualityModel(WorkingOperator):
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
        words: Mapping[str, float] | None = None,
        apply: bool = True,
        delegate: bool = False,
        device: str = "auto",
        **settings: Any,
    ) -> foo.ExecutionResult:
        """Train from Python.

        Args:
            samples: dataset or view; samples without a label are those to learn for
            target: numeric field with the labels, or field of words, or "tags"
            name: of the model and of the field for its scores
            family: "gaussian-process", "finetuned", "convnext", or "three-branch", which needs references
            lower_is_better: the labels' direction; by default the declared one, else what their name says
            words: numbers of the words, higher is better; the others are no labels
            apply: score all samples with the model
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            device: "auto", "cpu" or "cuda"
            settings: "epochs", "learning_rate", "batch_size" and "seed" of families that learn in epochs
        """
        dataset = samples._root_dataset
        lower = words is None and resolve_target(dataset, target, lower_is_better).lower_is_better
        params = {
            "target": target,
            "name": name,
            "family": family,
            "direction": direction(lower),
            "words": None if words is None else dict(words),
            "apply": apply,
            "device": device,
            **settings,
        }
        return self.request(samples, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Learn from")
        samples = ctx.target_view()
        fields, sources = target_fields(ctx.dataset), word_sources(ctx.dataset)
        declared = declared_target(ctx.dataset)
        default = declared.field if declared else None
        choice(inputs, "target", "Labels: a numeric field, tags, or a field of words", [*fields, *sources], default)
        target = ctx.params.get("target") or default
        if target in sources:
            word_inputs(inputs, samples, target)
        else:
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
            _plan(inputs, ctx, samples, target)
        return types.Property(inputs, view=types.View(label="Train a quality model"))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many labels."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY_LABELS)

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Train and score; see :class:`WorkingOperator`."""
        params, samples = ctx.params, ctx.target_view()
        device, target = params.get("device", "auto"), params["target"]
        if target in word_sources(ctx.dataset):
            numbers = chosen_numbers(params, samples, target)
            target = write_labels(samples, target, numbers, params["name"])
        training = TrainingJob(
            samples,
            target,
            params["name"],
            family=params.get("family") or DEFAULT,
            lower_is_better=chosen_direction(params),
            device=device,
            **_settings(params),
        )
        for state in training:
            yield told(state, "Learning")
        results |= training.summary.to_dict()
        if params.get("apply"):
            yield from apply_model(samples, results["model"], target, device, results)

    def show(self, results: dict[str, Any]) -> types.Property:
        """How good the model is, and what to do next."""
        return _output(results)


def _family_inputs(inputs: types.Object, ctx: foo.ExecutionContext, samples: SampleCollection) -> None:
    """The family, of those that suit the dataset, and, folded away, how it learns."""
    with_references = ctx.dataset is not None and ctx.dataset.has_field(REF_FIELD) and bool(samples.exists(REF_FIELD))
    view = types.RadioGroup()
    for name, family in FAMILIES.items():
        if with_references or not family.needs_references:
            view.add_choice(name, label=family.title, description=family.description)
    inputs.enum("family", view.values(), default=DEFAULT, required=True, label="What learns", view=view)
    defaults = chosen_family(ctx.params).settings
    if defaults is None or not settings(inputs, ctx.params):
        return
    patience = f"Fewer where {defaults.patience} in a row are no better"
    inputs.int("epochs", min=1, default=defaults.epochs, label="Epochs", description=patience)
    inputs.float("learning_rate", default=defaults.learning_rate, label="Learning rate", description="At first")
    inputs.int("batch_size", min=1, default=defaults.batch_size, label="Images at a time")
    inputs.int("seed", min=0, default=defaults.seed, label="Seed", description="Of everything random")


def chosen_family(params: dict[str, Any]) -> Family:
    """The family that the form says."""
    return find_family(params.get("family") or DEFAULT)


def _settings(params: dict[str, Any]) -> dict[str, Any]:
    """The loop's settings that were given, of families that have some."""
    if chosen_family(params).settings is None:
        return {}
    return {name: params[name] for name in _SETTINGS if params.get(name) is not None}


def _plan(inputs: types.Object, ctx: foo.ExecutionContext, samples: SampleCollection, target: str) -> None:
    """What will be learnt from, and how long that takes here."""
    params = ctx.params
    if target in word_sources(ctx.dataset):
        labelled, not_finite = check_numbers(samples, target, chosen_numbers(params, samples, target)), 0
    else:
        labelled, not_finite = count_labels(samples, target)
    things = f"labels of {count(samples):,} images"
    if not_finite:
        things += f" ({not_finite:,} that are NaN or infinite count as missing)"
    time = training_time(params.get("family") or DEFAULT, params.get("device"), params.get("epochs"), labelled)
    plan(inputs, "Learns from", labelled, things, time)


def _problem(ctx: foo.ExecutionContext, samples: SampleCollection, target: str | None) -> str | None:
    """Why no model can be trained, if so."""
    family = ctx.params.get("family") or DEFAULT
    try:
        if target is None:
            return None
        if target in word_sources(ctx.dataset):
            check_numbers(samples, target, chosen_numbers(ctx.params, samples, target))
        else:
            TrainingJob.check(samples, target, family)
        if name := ctx.params.get("name"):
            check_model_name(ctx.dataset, name, family)
        if (usual := chosen_family(ctx.params).settings) is not None:
            replace(usual, **_settings(ctx.params))
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
