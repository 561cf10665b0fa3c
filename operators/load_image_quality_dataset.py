"""Operator: bring a published image-quality dataset into FiftyOne."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin import datasets
from ..plugin.errors import UsageError
from ..plugin.store import check_name, import_dataset
from .forms import choice, chosen_folder, folder, problem


class LoadImageQualityDataset(foo.Operator):
    """Makes a FiftyOne dataset of a published one, or updates it."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="load_image_quality_dataset",
            label="Load an image quality dataset",
            description="TID2013, KADID-10k, CSIQ, LIVE, KonIQ-10k, PIPAL and others, as their authors ship them",
            icon="library_add",
            dynamic=True,
            risk_level="medium",
        )

    def __call__(self, name: str, root: str, dataset: str | None = None) -> fo.Dataset:
        """Load from Python.

        Args:
            name: which dataset, one of ``deepmse.plugin.datasets.DATASETS``
            root: its folder
            dataset: what to call it in FiftyOne; by default as it is called

        Raises:
            UsageError: if it cannot be loaded
        """
        return import_dataset(datasets.load(name, root), dataset)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        choice(inputs, "name", "Dataset", datasets.DATASETS, None)
        if name := ctx.params.get("name"):
            info = datasets.dataset_info(name)
            inputs.view("layout", types.Notice(label=f"{info.title}: a folder with {info.layout}"))
            folder(inputs, "root", "Folder")
            inputs.str("dataset", label="Name in FiftyOne", description=f"Empty: {name}. An existing one is updated")
            if root := chosen_folder(ctx.params, "root"):
                try:
                    quality = datasets.load(name, root)
                    check_name(ctx.params.get("dataset") or quality.name, quality.loader)
                except UsageError as error:
                    problem(inputs, "Cannot be loaded", str(error))
                else:
                    found = f"{len(quality.records):,} images. {' '.join(quality.notes)}"
                    inputs.view("found", types.Notice(label=found))
        return types.Property(inputs, view=types.View(label="Load an image quality dataset"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Load and open it."""
        loaded = self(ctx.params["name"], chosen_folder(ctx.params, "root"), ctx.params.get("dataset") or None)
        ctx.ops.open_dataset(loaded.name)
        return {"dataset": loaded.name, "images": len(loaded)}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """What was loaded."""
        outputs = types.Object()
        outputs.str("dataset", label="Dataset")
        outputs.int("images", label="Images")
        return types.Property(outputs, view=types.View(label="Image quality dataset loaded"))
