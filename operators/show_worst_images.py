"""Operator: the images of a view, the worst first."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import DeepMSEError
from ..plugin.store import build_view, score_fields, worst_first
from .forms import choice, problem
from .messages import failure_output


class ShowWorstImages(foo.Operator):
    """Shows the images that have a score, the worst first."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="show_worst_images",
            label="Show the worst images first",
            description="Blurry before sharp: sort images by a quality score (IQA), whichever way it points",
            icon="south",
            dynamic=True,
            risk_level="low",
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form: by which score."""
        inputs = types.Object()
        score_choice(inputs, ctx)
        return types.Property(inputs, view=types.PromptView(label=self.config.label, submit_button_label="Show"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Set the view."""
        try:
            ctx.ops.set_view(worst_first(asked(ctx), ctx.params["field"]))
        except DeepMSEError as error:
            return {"failure": error.sentence}
        return {}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """Nothing, or why there is no such view."""
        failure = (ctx.results or {}).get("failure")
        return failure_output(failure) if failure else types.Property(types.Object())


def asked(ctx: foo.ExecutionContext) -> SampleCollection:
    """The view that a button names, else the one that the App targets."""
    stages = ctx.params.get("stages")
    return ctx.target_view() if stages is None else build_view(ctx.dataset, stages)


def score_choice(inputs: types.Object, ctx: foo.ExecutionContext) -> str | None:
    """Add the choice of a field of scores to a form, and give what is chosen; None where there are no scores."""
    fields = list(score_fields(ctx.dataset))
    if not fields:
        problem(inputs, "No scores", "compute some first: “Compute no-reference image quality” needs nothing else")
        return None
    choice(inputs, "field", "Score", fields, fields[-1])
    return str(ctx.params.get("field") or fields[-1])
