"""Operator: take back a run of scoring or training."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import DeepMSEError, UsageError
from ..plugin.store import leftovers, sidebar_groups, undo, undoable_runs
from .forms import choice, problem
from .messages import failure_output


class UndoQualityRun(foo.Operator):
    """Removes what a run wrote to the dataset, and its record; says what goes before it does."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return foo.OperatorConfig(
            name="undo_quality_run",
            label="Undo an image quality run",
            description="Remove the scores of a run and its record, or a trained model (IQA)",
            icon="undo",
            dynamic=True,
            risk_level="high",
        )

    def __call__(self, dataset: fo.Dataset, run: str) -> dict[str, Any]:
        """Undo from Python.

        Args:
            dataset: the dataset
            run: key of the run, see ``dataset.list_runs()``

        Returns:
            what is gone: ``{"runs": …, "fields": …, "scores": …, "views": …, "files": …}``
        """
        return undo(dataset, run).to_dict()

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form: which run, and what goes with it."""
        inputs = types.Object()
        runs = undoable_runs(ctx.dataset)
        if runs:
            choice(inputs, "run", "Run, the newest first", runs, runs[0])
            try:
                gone = leftovers(ctx.dataset, ctx.params.get("run") or runs[0]).to_dict()
                inputs.view(
                    "gone", types.Warning(label="This cannot be taken back. It removes", description=_words(gone))
                )
            except UsageError as error:
                problem(inputs, "Cannot be undone", str(error))
        else:
            problem(inputs, "Nothing to undo", "no run of scoring or training is recorded here")
        return types.Property(inputs, view=types.PromptView(label=self.config.label, submit_button_label="Remove"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Undo it."""
        try:
            gone = self(ctx.dataset, ctx.params["run"])
        except DeepMSEError as error:
            return {"failure": error.sentence}
        ctx.ops.clear_view()
        ctx.ops.reload_dataset()
        ctx.trigger(f"{self.plugin_name}/arrange_sidebar", {"groups": sidebar_groups(ctx.dataset)})
        return gone

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """What is gone."""
        if failure := ctx.results.get("failure"):
            return failure_output(failure)
        outputs = types.Object()
        outputs.md(f"Removed: {_words(ctx.results)}")
        return types.Property(outputs, view=types.View(label="Run undone"))


def _words(gone: dict[str, Any]) -> str:
    """What goes, in Markdown."""
    run, *others = gone["runs"]
    parts = []
    if gone["fields"]:
        of_scores = f" with {gone['scores']:,} scores" if gone["scores"] else ""
        parts.append(f"the fields {_listed(gone['fields'])}{of_scores}")
    if gone["files"]:
        parts.append(f"{len(gone['files']):,} files, such as `{gone['files'][0]}`")
    if gone["views"]:
        parts.append(f"the saved view {_listed(gone['views'])}")
    parts.append(f"the record of the run `{run}`")
    if others:
        parts.append(f"those of {_listed(others)}, which wrote the same fields")
    return "; ".join(parts) + "."


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
