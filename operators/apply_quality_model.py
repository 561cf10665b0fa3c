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
from ..plugin.store import (
    ScoringJob,
    check_score_fields,
    read_card,
    save_next_view,
    scoring_time,
    spread,
    trained_models,
    view_stages,
)
from .compute import count
from .forms import MANY, delegable, delegation, plan, problem
from .model_report import report
from .scored import show_spread, show_warnings
from .work import WorkingOperator, told

_SHOWN: Final = 5


class ApplyQualityModel(WorkingOperator):
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
        return self.request(samples, {"model": model, "device": device}, delegate=delegate)

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
        plan(inputs, "Scores", number, "images with it", scoring_time([Path(chosen).stem], "auto", number))
        return types.Property(inputs, view=types.View(label="Apply a quality model"))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY)

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Score; see :class:`WorkingOperator`."""
        model = ctx.params["model"]
        target = read_card(Path(model)).get("data", {}).get("target")
        if target is not None and not ctx.dataset.has_field(target):
            target = None
        yield from apply_model(ctx.target_view(), model, target, ctx.params.get("device", "auto"), results)

    def show(self, results: dict[str, Any]) -> types.Property:
        """What was done, and how the scores are spread."""
        outputs = types.Object()
        outputs.md(applied(results), name="report")
        show_spread(outputs, results["spread"], results["stages"])
        show_warnings(outputs, results["warnings"])
        if results["failed"]:
            unreadable(outputs, results["failed"])
        return types.Property(outputs, view=types.View(label="Images scored"))


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
        yield told(state, "Scoring")
    [summary] = scoring.summaries
    results["name"] = summary.metric
    results["spread"] = spread(samples, summary.field).to_dict()
    results["stages"] = view_stages(samples.view())
    results["scored"] = summary.scored
    results["warnings"] = list(summary.warnings)
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


def _left_out(card: dict[str, Any]) -> list[str]:
    """What the training left out, a sentence each."""
    notes = []
    if number := card.get("data", {}).get("not_finite"):
        notes.append(f"{number:,} labels are NaN or infinite and were left out")
    if skipped := card.get("skipped"):
        notes.append(f"{len(skipped):,} images could not be read, such as {skipped[0]}")
    return notes
