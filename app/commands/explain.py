"""What images look bad by: explain."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .options import SOME_FAILED, Device, DistColumn, FilledDataset, Images, View

if TYPE_CHECKING:
    from ...plugin.engine.records import Item


def explain(
    paths: Images = None,
    dataset: FilledDataset = None,
    view: View = None,
    maps: Annotated[
        bool, typer.Option("--maps", help="Of a dataset: also map where nr sees bad quality, into a heatmap.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT.csv",
            help="Where to write a row an image: CSV, or by its suffix .tsv, .jsonl or .parquet.",
            show_default="standard output, as CSV; of a dataset its fields",
        ),
    ] = None,
    dist_column: DistColumn = "dist",
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what OUT.csv, or the dataset's fields, have already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print how many have which cause as JSON.")] = False,
) -> None:
    """Tell what images most likely look bad by: one of 25 distortions, or none, each with a probability.

    Also scores them with nr, whose features tell the cause. An image of which nothing can be told has empty columns
    and the reason. Exit status: 0 all told, 3 some rows failed, 2 wrong usage.
    """
    from ...plugin.process import keep_freed_memory

    keep_freed_memory()
    if (dataset is None) == (not paths):
        raise UsageError("name paths, or a FiftyOne dataset by --dataset NAME, and not both")
    if dataset is not None:
        if out is not None:
            raise UsageError("--out is for paths; of a dataset the samples get the fields")
        causes, errors = _of_dataset(dataset, view, maps, device, resume)
    else:
        if resume and out is None:
            raise UsageError("--resume continues a file: name it with -o OUT.csv")
        if view is not None or maps:
            raise UsageError("--view and --maps are for a FiftyOne dataset; name it by --dataset")
        causes, errors = _of_paths(paths or [], out, dist_column, device, resume, as_json)
    if as_json:
        print(json.dumps({"causes": causes, "errors": errors}, indent=2, ensure_ascii=False))
    else:
        rows = [(cause, f"{number:,}") for cause, number in causes.items()]
        terminal.err.print(terminal.table("What images look bad by", ("likely cause", "images"), rows))
    for reason, number in errors.items():
        terminal.err.print(f"  {number} failed: {terminal.escaped(reason)}", soft_wrap=True)
    if errors:
        raise typer.Exit(SOME_FAILED)


Counts = Mapping[str, int]


def _of_paths(
    paths: list[str], out: Path | None, dist_column: str, device: str, resume: bool, as_json: bool
) -> tuple[Counts, Counts]:
    """Write a row an image; how many have which cause, and which reason for none."""
    from ...plugin.engine import cause_tables, score_tables
    from ...plugin.engine.inputs import read_inputs
    from ...plugin.engine.row_writer import RowWriter
    from ...plugin.engine.scorer import Scorer
    from ...plugin.errors import without_paths
    from ...plugin.metrics.causes import CAUSE, METRIC
    from ...plugin.tables import csv_text

    table = read_inputs(paths, lines=sys.stdin, folder=None if out is None else out.parent, dist=dist_column)
    columns = cause_tables.columns(table)
    items = score_tables.items(table, dist=dist_column, ref=None)
    scorer = Scorer([METRIC], device=device)
    causes: Counter[str] = Counter()
    errors: Counter[str] = Counter()

    def count(item: Item, row: Mapping[str, str]) -> None:
        if row[score_tables.ERROR]:
            errors[without_paths(row[score_tables.ERROR], item.dist)] += 1
        else:
            causes[row[CAUSE]] += 1

    def told(rest: Sequence[Item]) -> Iterator[Mapping[str, str]]:
        for score in terminal.progress(scorer.run(rest), "Explaining", len(rest)):
            row = cause_tables.row(table, score)
            count(score.item, row)
            yield row

    if out is None:
        rows = list(told(items))
        if not as_json:
            sys.stdout.writelines(csv_text(columns, rows))
    else:
        settings = scorer.describe()
        with RowWriter(
            out,
            table,
            columns,
            numbers=cause_tables.NUMBERS,
            settings=settings,
            decisive=("metrics", "max_pixels"),
            resume=resume,
        ) as writer:
            for item, row in zip(items, writer.kept, strict=False):
                count(item, row)
            with terminal.stoppable(writer.rows_path):
                for row in told(items[len(writer.kept) :]):
                    writer.append(row)
        kept = f", {len(writer.kept):,} of them kept from before" if writer.kept else ""
        terminal.err.print(f"{len(items):,} images{kept} → {terminal.escaped(out)}", soft_wrap=True)
    return dict(causes.most_common()), dict(errors.most_common())


def _of_dataset(name: str, view: str | None, maps: bool, device: str, resume: bool) -> tuple[Counts, Counts]:
    """Fill a dataset's fields; how many samples have which cause, and which reason for none."""
    from ...plugin.store import CausesJob, open_samples

    job = CausesJob(open_samples(name, view), maps=maps, device=device, only_missing=resume)
    with terminal.bar("Explaining") as update:
        for state in job:
            update(state.done, state.total)
    if job.unmapped:
        terminal.warn([f"{job.unmapped:,} images have no map: they are too narrow for a window"])
    return job.causes, job.errors
