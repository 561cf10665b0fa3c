"""Operator: propose the references of a view's images by what the pictures show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.store import propose_references
from .forms import chosen_folder, folder
from .messages import failure_output


class PairByContent(foo.Operator):
    """Finds the original of each image in a folder, whatever the files are called."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="pair_by_content",
            label="Pair images with originals by content",
            description="Proposes the reference of each image, with a confidence and a view, the least sure first",
            icon="compare",
            dynamic=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            risk_level="medium",
        )

    def __call__(
        self, samples: SampleCollection, originals: str | Path, *, overwrite: bool = False
    ) -> dict[str, int]:
        """Propose references from Python; see :func:`~..plugin.store.pairing.propose_references`."""
        return propose_references(samples, Path(originals), overwrite=overwrite)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Pair")
        folder(inputs, "originals", "Folder of the originals")
        inputs.bool("overwrite", default=False, label="Also those that have a reference")
        return types.Property(inputs, view=types.View(label=self.config.label))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Propose references."""
        try:
            originals = chosen_folder(ctx.params, "originals")
            found = self(ctx.target_view(), originals, overwrite=ctx.params.get("overwrite", False))
        except UsageError as error:
            return {"failure": error.sentence}
        if not ctx.delegated:
            ctx.ops.reload_dataset()
        return {"paired": f"{found['paired']:,} of {found['looked at']:,} images", "view": "proposed references"}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """How many were paired, and where to look at them."""
        if failure := ctx.results.get("failure"):
            return failure_output(failure)
        outputs = types.Object()
        outputs.str("paired", label="Paired")
        outputs.str("view", label="Look at them in the saved view")
        return types.Property(outputs, view=types.View(label="References proposed"))
