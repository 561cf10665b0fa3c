"""Operator: a report on a view's scores as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import DeepMSEError, UsageError
from ..plugin.store import score_fields, write_report
from ..plugin.store.config import dataset_dir
from .forms import problem
from .messages import failure_output


class ExportQualityReport(foo.Operator):
    """Writes one HTML file for somebody without FiftyOne: its pictures are in it, and it needs no network."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="export_quality_report",
            label="Export an image quality report",
            description="One HTML file: how scores spread, worst and best, issues, agreement, runs",
            icon="summarize",
            dynamic=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            risk_level="medium",
        )

    def __call__(self, samples: SampleCollection, path: str | Path, *, title: str | None = None, top: int = 8) -> int:
        """Write the report from Python.

        Args:
            samples: dataset or view
            path: the file to write, which ends in .html
            title: of the report; None for the dataset's name
            top: how many of the worst and the best are shown

        Returns:
            how many images it is on

        Raises:
            UsageError: there are no scores, or the view is not of whole images
            OutputError: the file cannot be written
        """
        return write_report(samples, Path(path), title=title, top=top)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Report on")
        default = str(dataset_dir(ctx.dataset) / "report.html")
        inputs.str("path", default=default, required=True, label="File", description="On this machine; ends in .html")
        inputs.str("title", default=ctx.dataset.name, required=True, label="Title")
        inputs.int("top", default=8, min=0, required=True, label="How many of the worst and the best are shown")
        if not score_fields(ctx.dataset):
            problem(inputs, "Nothing to report on", "the dataset holds no scores yet; compute some first")
        return types.Property(inputs, view=types.View(label=self.config.label))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Write the file."""
        path = Path(ctx.params["path"])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            images = self(ctx.target_view(), path, title=ctx.params.get("title"), top=ctx.params.get("top", 8))
        except (DeepMSEError, OSError) as error:
            return {"failure": error.sentence if isinstance(error, UsageError) else str(error)}
        return {"path": str(path), "images": images}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """Where the file is."""
        if failure := ctx.results.get("failure"):
            return failure_output(failure)
        outputs = types.Object()
        outputs.str("path", label="File")
        outputs.int("images", label="Images")
        return types.Property(outputs, view=types.View(label="Report written"))
