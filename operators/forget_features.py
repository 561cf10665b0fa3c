"""Operator: remove the features that are kept so that training and scoring again start at once."""

from __future__ import annotations

from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.learning.kept import forget, kept_file, kept_size
from .forms import problem

_MEGABYTE: Final = 1024**2


class ForgetFeatures(foo.Operator):
    """Removes the features of images that were scored or learnt from; no score and no model goes with them."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="forget_features",
            label="Forget kept image features",
            description="Free the room that features of scored images take in the cache folder; scores stay",
            icon="delete_sweep",
            dynamic=True,
            risk_level="low",
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """What would go."""
        inputs = types.Object()
        if size := kept_size():
            label = f"{_megabytes(size)} in {kept_file()}"
            text = "Scoring these images again, or training on them, will take as long as the first time."
            inputs.view("size", types.Notice(label=label, description=text))
        else:
            problem(inputs, "Nothing to forget", "no features are kept")
        return types.Property(inputs, view=types.PromptView(label=self.config.label, submit_button_label="Forget"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Remove them."""
        return {"bytes": forget()}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """How much room there is now."""
        outputs = types.Object()
        outputs.md(f"{_megabytes(ctx.results['bytes'])} are free again.")
        return types.Property(outputs, view=types.View(label="Features forgotten"))


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB"
