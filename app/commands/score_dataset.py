"""Scores for the images of FiftyOne datasets: score --dataset."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from .. import terminal
from .options import SOME_FAILED

if TYPE_CHECKING:
    from ...plugin.tables import Table


@dataclass(frozen=True)
class DatasetSource:
    """A dataset's images, or those of a view.

    Args:
        name: the dataset's
        samples: the dataset or view
        metrics: what to compute
        compares: whether references are needed
    """

    name: str
    samples: Any
    metrics: tuple[str, ...]
    compares: bool

    def table(self) -> Table:
        """A row an image."""
        from ...plugin.store import sample_table

        return sample_table(self.samples, compare=self.compares)


def open_source(dataset: str, view: str | None, metrics: Sequence[str] | None) -> DatasetSource:
    """Open a dataset and choose what to compute: by default nr where there are no references, else deepmse.

    Raises:
        UsageError: if there is no such dataset, view or metric
    """
    from ...plugin.metrics import distinct, metric_info
    from ...plugin.store import has_references, open_samples

    samples = open_samples(dataset, view)
    names = distinct(metrics or ["deepmse" if has_references(samples) else "nr"])
    return DatasetSource(dataset, samples, names, any(metric_info(name).kind == "FR" for name in names))


def into_fields(
    source: DatasetSource, settings: dict[str, Any], *, only_missing: bool, top: int, as_json: bool
) -> None:
    """Write scores to the samples' fields, each metric recorded as a FiftyOne run, and print what was done."""
    from ...plugin.metrics import metric_info
    from ...plugin.store import ScoringJob, worst

    job = ScoringJob(source.samples, source.metrics, only_missing=only_missing, error_maps=False, **settings)
    try:
        with terminal.bar("Scoring") as update:
            for state in job:
                update(state.done, state.total)
    except KeyboardInterrupt:
        terminal.err.print("Stopped. The dataset has what was scored; go on with --resume.")
        sys.exit(130)
    terminal.warn(dict.fromkeys(warning for summary in job.summaries for warning in summary.warnings))
    found = worst(source.samples, metric_info(source.metrics[0]), top) if top else []
    if as_json:
        told: dict[str, Any] = {"metrics": [summary.to_dict() for summary in job.summaries]}
        if top:
            told["worst"] = [{"path": path, "score": value} for value, path in found]
        print(json.dumps(told, indent=2, ensure_ascii=False))
    for summary in job.summaries:
        kept = f", {summary.skipped:,} kept from before" if summary.skipped else ""
        terminal.err.print(
            f"{summary.scored:,} of {summary.scored + summary.failed:,} images scored{kept} → the field "
            f"{terminal.escaped(summary.field)} of {terminal.escaped(source.name)}, recorded "
            f"as the run {terminal.escaped(summary.run_key)}",
            soft_wrap=True,
        )
        for reason, count in summary.errors:
            terminal.err.print(f"  {count} failed: {terminal.escaped(reason)}", soft_wrap=True)
    if top:
        terminal.print_worst(source.metrics[0], found)
    if any(summary.failed for summary in job.summaries):
        raise typer.Exit(SOME_FAILED)
