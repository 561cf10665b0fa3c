"""Scores for the pairs of a table: score."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.errors import UsageError
from .. import terminal
from ..tally import Tally, listed
from . import score_dataset
from .options import SOME_FAILED, Device, RefColumn, View, WeightsPath, metric_beginning

if TYPE_CHECKING:
    from ...plugin.tables import Table


def score(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="A table (CSV, TSV, JSON lines, Parquet) with the column dist, and ref for metrics that compare; or "
            "images, folders with all below them, quoted patterns; or - for a list of paths on standard input. "
            "Images may be remote, such as s3://bucket/photos.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            help="Metric to compute, or a trained model's file; repeatable.",
            autocompletion=metric_beginning,
            show_default="deepmse; nr where there are no references",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT.csv",
            help="Where to write the scores: CSV, or by its suffix .tsv, .jsonl or .parquet.",
            show_default="standard output, as CSV; of a dataset its fields",
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Score a FiftyOne dataset's images, in place of PATH.")
    ] = None,
    view: View = None,
    refs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Find each image's reference here: that of the same path or name, or the one with whose name the "
            "image's begins, before _ - . or a space.",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Print the N worst by the first metric, worst first.")
    ] = None,
    device: Device = "auto",
    weights: WeightsPath = None,
    preset: Annotated[
        str | None, typer.Option(help="DeepMSE's stages: lpips-ends, image+relu or pools.", show_default="lpips-ends")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Image policy: resize-256, or native for no resizing.", show_default="the metric's"),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Of deepmse and nr: float32; bfloat16, faster on processors that have it and a little different; "
            "or auto, bfloat16 where it is.",
            show_default="float32",
        ),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images at a time.", show_default="what suits the device")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse images of more pixels.", show_default="89,478,485")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="local, this process; or ray, as many processes as a cluster has processors.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Of the Ray cluster: host:port, or auto.",
            show_default="RAY_ADDRESS, or one that starts and ends here",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Ray workers.", show_default="one a processor or share of a GPU")
    ] = None,
    gpus_per_worker: Annotated[
        float | None, typer.Option(min=0, help="Share of a GPU for each Ray worker.", show_default="0")
    ] = None,
    dist_column: Annotated[str, typer.Option(help="Column of the distorted images.")] = "dist",
    ref_column: RefColumn = "ref",
    details: Annotated[
        bool,
        typer.Option(
            "--details", help="Also write each score's standard deviation, percentile, grade and domain, if known."
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what OUT.csv, or the dataset's field, has already.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON; without -o it contains the scores.")
    ] = False,
) -> None:
    """Score images, against their references or by themselves.

    The scores of a FiftyOne dataset go into its fields, or with -o into a file and not into the dataset. Otherwise:
    writes the table's columns, one column a metric, and "error"; of images, their paths from the output's folder
    for those below it. Only full-reference metrics need references; "deepmse metrics" lists which those are. An
    image that cannot be scored has an empty score and the reason. Exit status: 0 all scored, 3 some rows failed,
    2 wrong usage.
    """
    from ...plugin.engine import row_writer, score_tables
    from ...plugin.engine.engines import make_engine
    from ...plugin.engine.inputs import read_inputs
    from ...plugin.images import MAX_PIXELS
    from ...plugin.metrics import distinct, metric_info
    from ...plugin.process import keep_freed_memory
    from ...plugin.tables import csv_text

    keep_freed_memory()

    settings: dict[str, Any] = {
        "device": device,
        "weights": weights,
        "preset": preset,
        "policy": policy,
        "precision": precision,
        "batch_size": batch_size,
        "max_pixels": max_pixels or MAX_PIXELS,
        "engine": engine,
        "cluster": {"address": address, "workers": workers, "gpus_per_worker": gpus_per_worker},
    }
    if dataset is not None:
        if paths or refs is not None:
            raise UsageError("--dataset comes alone: the dataset says where images and references are")
        source = score_dataset.open_source(dataset, view, metric)
        if out is None:
            score_dataset.into_fields(source, settings, only_missing=resume, top=top or 0, as_json=as_json)
            return
        table, metrics = source.table(), list(source.metrics)
    else:
        if view is not None:
            raise UsageError("--view is of a dataset: name it with --dataset")
        if not paths:
            raise UsageError("what is to be scored? Name a table, images or folders, or a dataset with --dataset")
        if resume and out is None:
            raise UsageError("--resume continues a file: name it with -o OUT.csv")
        table = read_inputs(
            paths,
            lines=sys.stdin,
            references=refs,
            folder=None if out is None else out.parent,
            dist=dist_column,
            ref=ref_column,
        )
        is_made_of_images = table.folder is not None
        metrics = list(distinct(metric or ["nr" if is_made_of_images and refs is None else "deepmse"]))
    columns = score_tables.output_columns(table, metrics, details=details)
    needs_reference = any(metric_info(name).kind == "FR" for name in metrics)
    _require_references(table, ref_column, needs_reference)
    items = score_tables.items(table, dist=dist_column, ref=ref_column if needs_reference else None)
    _name_unpaired(table, dist_column, ref_column, refs)
    if out is not None:
        row_writer.check_output(out, table)
    scorer = make_engine(metrics, **settings)
    terminal.warn(scorer.warnings)

    tally = Tally(metric_info(metrics[0]), dist_column, top or 0)
    rows: list[dict[str, str]] = []
    kept = 0
    if out is None:
        for result in terminal.progress(scorer.run(items), "Scoring", len(items)):
            rows.append(score_tables.row_of(table, metrics, result, details=details))
            tally.add(rows[-1], result.item, result.notes)
        if not as_json:
            sys.stdout.writelines(csv_text(columns, rows))
    else:
        with score_tables.ScoreWriter(
            out, table, metrics, scorer.describe(), resume=resume, details=details
        ) as writer:
            kept = len(writer.kept)
            for item, row in zip(items, writer.kept, strict=False):
                tally.add(row, item)
            with terminal.stoppable(writer.rows_path):
                for result in terminal.progress(scorer.run(items[kept:]), "Scoring", len(items) - kept):
                    tally.add(writer.write(result), result.item, result.notes)

    failed = tally.failures.total()
    worst = tally.worst()
    summary: dict[str, Any] = {
        "pairs": len(items),
        "scored": len(items) - failed,
        "failed": failed,
        "kept": kept,
        "errors": dict(tally.failures.most_common()),
        "output": None if out is None else str(out),
        **({"worst": [{"path": path, "score": value} for value, path in worst]} if top else {}),
        **scorer.describe(),
    }
    if as_json:
        print(json.dumps(summary if out else {**summary, "rows": rows}, indent=2, ensure_ascii=False))
    _print_summary(summary)
    terminal.warn(tally.warnings)
    if top:
        terminal.print_worst(metrics[0], worst)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _require_references(table: Table, ref_column: str, needs_reference: bool) -> None:
    """Say what to do where images come without the references that a metric needs.

    Raises:
        UsageError: naming the ways
    """
    from ...plugin.datasets.csv import MANIFEST

    if not needs_reference or ref_column in table.columns or table.folder is None:
        return
    manifest = Path(table.path, MANIFEST)
    also = f", or its table {shlex.quote(str(manifest))}" if manifest.is_file() else ""
    raise UsageError(
        f"{table.path}: compare with what? Name the folder of the references by --refs{also}; or choose a "
        "metric that needs none, such as -m nr"
    )


def _name_unpaired(table: Table, dist_column: str, ref_column: str, refs: Path | None) -> None:
    """List the images that found no partner among the references."""
    if refs is None:
        return
    unpaired = [row[dist_column] for row in table.rows if not row[ref_column]]
    if unpaired:
        terminal.warn([f"no reference in {refs} for {len(unpaired)} images: {listed(unpaired)}"])


def _print_summary(summary: dict[str, Any]) -> None:
    where = f" → {summary['output']}" if summary["output"] else ""
    kept = f", {summary['kept']} of them kept from before" if summary["kept"] else ""
    terminal.err.print(
        f"{summary['scored']} of {summary['pairs']} images scored{kept}{terminal.escaped(where)}", soft_wrap=True
    )
    for reason, count in summary["errors"].items():
        terminal.err.print(f"  {count} failed: {terminal.escaped(reason)}", soft_wrap=True)
