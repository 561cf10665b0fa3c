"""Operator: see how good a trained model is, and score images with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.metrics import metric_info
from ..plugin.store import ScoringJob, check_score_fields, read_card, save_next_view, trained_models
from .compute import MANY_SAMPLES, count, fraction, progress_label
from .forms import delegable, delegation, problem
from .messages import until_failure
from .model_report import report

_SHOWN: Final = 5


class ApplyQualityModel(foo.Operator):
    """Shows how good a model of the dataset is, scores the view with it, and saves a view of what to label next."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "apply_quality_model",
            "Apply a quality model",
            "See how good a model is that was trained on this dataset, and score images with it",
            "grading",
        )

    def __call__(
        self, samples: SampleCollection, model: str, *, delegate: bool = False, device: str = "auto"
    ) -> foo.ExecutionResult:
        """Score from Python.

        Args:
            samples: dataset or view
            model: path of the model's file
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            device: "auto", "cpu" or "cuda"
        """
        params = {"model": model, "device": device}
        request = {"view": samples.view(), "params": params, "request_delegation": delegate}
        return foo.execute_operator(self.uri, request)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form: the model, how good it is, and what to score."""
        inputs = types.Object()
        models = [] if ctx.dataset is None else [str(path) for path in trained_models(ctx.dataset)]
        if not models:
            problem(inputs, "No model", "none was trained on this dataset; “Train a quality model” trains one")
            return types.Property(inputs, view=types.View(label="Apply a quality model"))
        view = types.DropdownView()
        for model in models:
            view.add_choice(model, label=Path(model).stem)
        inputs.enum("model", models, default=models[0], required=True, label="Model, the newest first", view=view)
        chosen = ctx.params.get("model") or models[0]
        try:
            info = metric_info(chosen)
            check_score_fields(ctx.dataset, info)
            if (card := read_card(Path(chosen))) and "results" in card:
                report(inputs, info.name, card)
            for number, note in enumerate(_left_out(card)):
                inputs.view(f"note_{number}", types.Notice(label=note))
        except UsageError as error:
            problem(inputs, "Cannot use this model", str(error))
        inputs.view_target(ctx, action_description="Score")
        number = count(ctx.target_view())
        label = f"Score {number:,} images with it?"
        description = "Execute scores them, and saves a view of those to label next. Otherwise just close this."
        inputs.view("offer", types.Notice(label=label, description=description))
        return types.Property(inputs, view=types.View(label="Apply a quality model"))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY_SAMPLES)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any] | dict[str, Any]:
        """Score: in the App a stream of progress, delegated the result."""
        if not ctx.delegated:
            return until_failure(ctx, self._stream(ctx))
        results: dict[str, Any] = {}
        for state in _work(ctx, results):
            ctx.set_progress(**state)
        return results

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """What was done."""
        return _output(ctx.results) if ctx.results else types.Property(types.Object())

    def _stream(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        results: dict[str, Any] = {}
        for state in _work(ctx, results):
            yield ctx.trigger("set_progress", state)
        yield ctx.trigger("reload_dataset")
        yield ctx.trigger("show_output", {"outputs": _output(results).to_json(), "results": results})


def apply_model(
    samples: SampleCollection, model: str, target: str | None, device: str, results: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Score a view and save the view of what to label next; yield progress, put what came out into ``results``.

    Args:
        samples: dataset or view
        model: path of the model's file
        target: field of the labels; None where the model's card does not tell
        device: where to compute
        results: to add to
    """
    scoring = ScoringJob(samples, [model], device=device)
    for state in scoring:
        yield {"progress": fraction(state), "label": f"Scoring: {progress_label(state)}"}
    [summary] = scoring.summaries
    results["name"] = summary.metric
    results["scored"] = summary.scored
    results["failed"] = results.get("failed", 0) + summary.failed
    results["view"] = save_next_view(samples, model, target) if target else None


def applied(results: dict[str, Any]) -> str:
    """What there is now, in Markdown."""
    text = f"{results['scored']:,} images now have a score in `{results['name']}`."
    if results.get("view"):
        text += (
            f" The saved view **{results['view']}** has those without a label that the model can learn most from, or "
            "finds the worst: label them, and train again."
        )
    return text


def unreadable(outputs: types.Object, number: int, reasons: Sequence[str] = ()) -> None:
    """Say how many images could not be read, and the first reasons."""
    images = "image" if number == 1 else "images"
    more = ["…"] if len(reasons) > _SHOWN else []
    outputs.view(
        "failed",
        types.Warning(
            label=f"{number:,} {images} could not be read", description="; ".join([*reasons[:_SHOWN], *more])
        ),
    )


def _work(ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    model = ctx.params["model"]
    target = read_card(Path(model)).get("data", {}).get("target")
    if target is not None and not ctx.dataset.has_field(target):
        target = None
    yield from apply_model(ctx.target_view(), model, target, ctx.params.get("device", "auto"), results)


def _left_out(card: dict[str, Any]) -> list[str]:
    """What the training left out, a sentence each."""
    notes = []
    if number := card.get("data", {}).get("not_finite"):
        notes.append(f"{number:,} labels are NaN or infinite and were left out")
    if skipped := card.get("skipped"):
        notes.append(f"{len(skipped):,} images could not be read, such as {skipped[0]}")
    return notes


def _output(results: dict[str, Any]) -> types.Property:
    outputs = types.Object()
    outputs.md(applied(results), name="report")
    if results["failed"]:
        unreadable(outputs, results["failed"])
    return types.Property(outputs, view=types.View(label="Images scored"))
