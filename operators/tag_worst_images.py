"""Operator: tag the worst images of a view."""

from __future__ import annotations

from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import DeepMSEError
from ..plugin.store import worst_choices, worst_images
from .forms import problem
from .messages import failure_output
from .show_worst_images import asked, score_choice

_TAG: Final = "bad quality"


class TagWorstImages(foo.Operator):
    """Tags the worst images of a view, by grade or as a share."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="tag_worst_images",
            label="Tag the worst images",
            description="Blurry, noisy, not sharp: tag the images with the worst quality scores (IQA)",
            icon="sell",
            dynamic=True,
            risk_level="medium",
        )

    def __call__(self, samples: SampleCollection, field: str, choice: str, tag: str = _TAG) -> int:
        """Tag from Python.

        Args:
            samples: dataset or view
            field: field with scores
            choice: "graded bad", "graded bad or poor", or "the worst 5 %"
            tag: the tag

        Returns:
            how many images it was put on
        """
        chosen = worst_images(samples, field, choice)
        chosen.tag_samples(tag)
        return len(chosen)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form: by which score, which images, and the tag."""
        inputs = types.Object()
        samples = asked(ctx)
        field = score_choice(inputs, ctx)
        if field:
            offered = worst_choices(ctx.dataset, field)
            buttons = types.RadioGroup()
            numbers = {}
            for each in offered:
                numbers[each] = len(worst_images(samples, field, each))
                buttons.add_choice(each, label=f"{each}: {numbers[each]:,} images")
            inputs.enum("choice", offered, default=offered[0], required=True, label="Which images", view=buttons)
            inputs.str("tag", default=_TAG, required=True, label="Tag")
            chosen = ctx.params.get("choice")
            if not numbers[chosen if chosen in offered else offered[0]]:
                problem(inputs, "Nothing to tag", "no image is among these")
        return types.Property(inputs, view=types.PromptView(label=self.config.label, submit_button_label="Tag"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Tag them."""
        params = ctx.params
        try:
            number = self(asked(ctx), params["field"], params["choice"], params["tag"])
        except DeepMSEError as error:
            return {"failure": error.sentence}
        ctx.ops.reload_dataset()
        return {"number": number, "tag": params["tag"]}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """How many were tagged."""
        if failure := ctx.results.get("failure"):
            return failure_output(failure)
        outputs = types.Object()
        outputs.md(f"{ctx.results['number']:,} images now have the tag **{ctx.results['tag']}**.")
        return types.Property(outputs, view=types.View(label="Images tagged"))
