"""Operator: propose the references of a view's images by what the pictures show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.store import REVIEW, ReferencesJob
from .forms import chosen_folder, delegable, folder
from .work import WorkingOperator, told


class PairByContent(WorkingOperator):
    """Finds the original of each image in a folder, whatever the files are called."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "pair_by_content",
            "Pair images with originals by content",
            "Proposes the reference of each image, with a confidence and a view, the least sure first",
            "compare",
        )

    def __call__(
        self, samples: SampleCollection, originals: str | Path, *, overwrite: bool = False
    ) -> dict[str, int]:
        """Propose references from Python; see :class:`~..plugin.store.pairing.ReferencesJob`."""
        job = ReferencesJob(samples, Path(originals), overwrite=overwrite)
        for _ in job:
            pass
        return job.summary

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Pair")
        folder(inputs, "originals", "Folder of the originals")
        inputs.bool("overwrite", default=False, label="Also those that have a reference")
        return types.Property(inputs, view=types.View(label=self.config.label))

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Propose references; see :class:`WorkingOperator`."""
        originals = Path(chosen_folder(ctx.params, "originals"))
        job = ReferencesJob(ctx.target_view(), originals, overwrite=ctx.params.get("overwrite", False))
        for state in job:
            yield told(state)
        results |= {"paired": f"{job.summary['paired']:,} of {job.summary['looked at']:,} images", "view": REVIEW}

    def show(self, results: dict[str, Any]) -> types.Property:
        """How many were paired, and where to look at them."""
        outputs = types.Object()
        outputs.str("paired", label="Paired")
        outputs.str("view", label="Look at them in the saved view")
        return types.Property(outputs, view=types.View(label="References proposed"))
