"""Operator: how well scores agree with a target, as a table."""

from __future__ import annotations

from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import DeepMSEError
from ..plugin.evaluation.export import number
from ..plugin.evaluation.report import ALL, all_disagree
from ..plugin.store import (
    breakdown_fields,
    check_evaluation_name,
    declared_target,
    read_table,
    resolve_target,
    save_evaluation,
    score_fields,
    target_fields,
)
from ..plugin.vocabulary import HIDDEN, NO_BREAKDOWN, RESAMPLES, SHOWN, direction
from .forms import choice, chosen_direction, direction_choice, problem
from .messages import failure_output

_COLUMNS: Final = {
    "metric": "Metric",
    "group": "Group",
    "n": "n",
    "srcc": "SRCC",
    "krcc": "KRCC",
    "plcc": "PLCC",
    "rmse": "RMSE",
    "reason": "Remark",
}
_WITH_INTERVAL: Final = ("srcc", "krcc", "plcc", "rmse")
_INTERVAL: Final = "_interval"


class EvaluateQuality(foo.Operator):
    """Compares the scores of a view with human opinion, or with another target."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="evaluate_quality",
            label="Evaluate image quality scores",
            description="SRCC, KRCC, PLCC and RMSE of scores against a target such as MOS",
            icon="query_stats",
            dynamic=True,
            risk_level="low",
        )

    def __call__(
        self,
        samples: SampleCollection,
        target: str | None = None,
        metrics: list[str] | None = None,
        breakdown: str | None = None,
        *,
        lower_is_better: bool | None = None,
        resamples: int = 0,
        save_as: str | None = None,
    ) -> dict[str, Any]:
        """Evaluate from Python.

        Args:
            samples: dataset or view
            target: field with the target values; by default the one that the dataset declares
            metrics: score fields; by default all
            breakdown: field to group by
            lower_is_better: the target's direction; by default the declared one, else what its name says
            resamples: of the bootstrap, for 95 % intervals; 0 leaves them out
            save_as: name to keep the evaluation by, as a run of the dataset; by default it is not kept

        Returns:
            ``{"target": …, "rows": [{"metric": …, "group": …, "n": …, "srcc": …, …}], "notes": […]}``
        """
        if save_as:
            check_evaluation_name(samples._root_dataset, save_as)
        table = read_table(samples, target, metrics, breakdown, lower_is_better=lower_is_better)
        results = table.evaluate(resamples=resamples).to_dict()
        if save_as:
            settings = {
                "target": table.target.field,
                "direction": direction(table.target.lower_is_better),
                "metrics": list(table.metrics),
                "breakdown": breakdown or NO_BREAKDOWN,
                "intervals": SHOWN if resamples else HIDDEN,
            }
            save_evaluation(samples, settings, results, save_as)
        return {**results, "notes": list(table.notes)}

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Evaluate")
        ctx.target_view()
        dataset = ctx.dataset
        targets, scores = target_fields(dataset), list(score_fields(dataset))
        if not targets or not scores:
            missing = "scores: compute some first" if targets else "numeric field to compare with, such as mos"
            text = f"{dataset.name} has no {missing}"
            problem(inputs, "Nothing to evaluate", text)
            return types.Property(inputs)
        declared = declared_target(dataset)
        choice(inputs, "target", "Target", targets, declared.field if declared else None)
        field = ctx.params.get("target") or (declared.field if declared else None)
        lower = field is not None and field in targets and resolve_target(dataset, field).lower_is_better
        titles = "Higher is better (MOS)", "Lower is better (DMOS)"
        direction_choice(inputs, "The target's direction", *titles, lower_is_better=lower)
        metrics = types.DropdownView(multiple=True)
        for name in scores:
            metrics.add_choice(name, label=name)
        inputs.list("metrics", types.String(), default=scores, required=True, label="Scores", view=metrics)
        groups = breakdown_fields(dataset)
        choice(inputs, "breakdown", "Break down by", groups, "distortion", required=False)
        inputs.bool("intervals", default=True, label="95 % confidence intervals")
        inputs.str("save_as", label="Save as", description="Empty: not kept. Letters, digits and underscores")
        return types.Property(inputs, view=types.View(label="Evaluate image quality scores"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Evaluate; what stops it is its result, since the App shows what is raised as a traceback."""
        params = ctx.params
        try:
            results = self(
                ctx.target_view(),
                params.get("target"),
                params.get("metrics"),
                params.get("breakdown"),
                lower_is_better=chosen_direction(params),
                resamples=RESAMPLES if params.get("intervals") else 0,
                save_as=params.get("save_as"),
            )
        except DeepMSEError as error:
            return {"failure": error.sentence}
        return {**results, "rows": [_with_texts(row) for row in results["rows"]]}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The table, or why there is none."""
        if failure := ctx.results.get("failure"):
            return failure_output(failure)
        outputs = types.Object()
        table = types.TableView()
        with_intervals = any(row["intervals"] for row in ctx.results["rows"])
        for key, label in _COLUMNS.items():
            table.add_column(key, label=label)
            if with_intervals and key in _WITH_INTERVAL:
                table.add_column(f"{key}{_INTERVAL}", label="95 %")
        label = f"Agreement with {ctx.results['target']}"
        if all_disagree(row["srcc"] for row in ctx.results["rows"] if row["group"] == ALL):
            text = "Every score disagrees with the target: is that its direction?"
            outputs.view("disagreement", types.Warning(label=text))
        for number_of_note, note in enumerate(ctx.results["notes"]):
            outputs.view(f"note_{number_of_note}", types.Warning(label=note))
        outputs.list("rows", types.Object(), label=label, view=table)
        return types.Property(outputs, view=types.View(label="Image quality evaluated"))


def _with_texts(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its intervals as text, as a table shows them."""
    texts = {
        f"{name}{_INTERVAL}": f"{number(name, low)} to {number(name, high)}"
        for name, (low, high) in row["intervals"].items()
    }
    return {**row, **texts}
