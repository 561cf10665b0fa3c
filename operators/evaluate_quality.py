"""Operator: how well scores agree with a target, as a table."""

from __future__ import annotations

from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.store import (
    breakdown_fields,
    declared_target,
    evaluate_view,
    resolve_target,
    score_fields,
    target_fields,
)
from .forms import choice, problem

_HIGHER, _LOWER = "higher", "lower"
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
    ) -> dict[str, Any]:
        """Evaluate from Python.

        Args:
            samples: dataset or view
            target: field with the target values; by default the one that the dataset declares
            metrics: score fields; by default all
            breakdown: field to group by
            lower_is_better: the target's direction; by default the declared one, else higher is better

        Returns:
            ``{"target": …, "rows": [{"metric": …, "group": …, "n": …, "srcc": …, …}]}``
        """
        return evaluate_view(samples, target, metrics, breakdown, lower_is_better=lower_is_better).to_dict()

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
        directions = types.RadioGroup(orientation="horizontal")
        directions.add_choice(_HIGHER, label="Higher is better (MOS)")
        directions.add_choice(_LOWER, label="Lower is better (DMOS)")
        inputs.enum(
            "direction",
            directions.values(),
            default=_LOWER if lower else _HIGHER,
            required=True,
            label="The target's direction",
            view=directions,
        )
        metrics = types.DropdownView(multiple=True)
        for name in scores:
            metrics.add_choice(name, label=name)
        inputs.list("metrics", types.String(), default=scores, required=True, label="Scores", view=metrics)
        groups = breakdown_fields(dataset)
        choice(inputs, "breakdown", "Break down by", groups, "distortion", required=False)
        return types.Property(inputs, view=types.View(label="Evaluate image quality scores"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Evaluate."""
        params = ctx.params
        direction = params.get("direction")
        return self(
            ctx.target_view(),
            params.get("target"),
            params.get("metrics"),
            params.get("breakdown"),
            lower_is_better=None if direction is None else direction == _LOWER,
        )

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The table."""
        outputs = types.Object()
        table = types.TableView()
        for key, label in _COLUMNS.items():
            table.add_column(key, label=label)
        outputs.list("rows", types.Object(), label=f"Agreement with {ctx.results['target']}", view=table)
        return types.Property(outputs, view=types.View(label="Image quality evaluated"))
