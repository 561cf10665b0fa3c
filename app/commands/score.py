"""Scores for the pairs of a table: score."""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from ...plugin.errors import UsageError, without_paths
from .. import terminal
from .options import Device, WeightsPath

SOME_FAILED = 3


def score(
    pairs: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS.csv",
            help="CSV file with the column dist, and ref for metrics that compare; relative paths start there.",
        ),
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", "-m", help="Metric to compute, or a trained model's file; repeatable.", show_default="deepmse"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="OUT.csv", help="Where to write the scores.", show_default="standard output"
        ),
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
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images at a time.", show_default="what suits the device")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse images of more pixels.", show_default="89,478,485")
    ] = None,
    dist_column: Annotated[str, typer.Option(help="Column of the distorted images.")] = "dist",
    ref_column: Annotated[str, typer.Option(help="Column of the references.")] = "ref",
    details: Annotated[
        bool,
        typer.Option("--details", help="Also write each score's standard deviation, percentile and grade, if known."),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the rows that OUT.csv has already.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON; without -o it contains the scores.")
    ] = False,
) -> None:
    """Score images listed in a CSV file, against their references or by themselves.

    Writes the input's columns, one column a metric, and "error". Only full-reference metrics need references;
    "deepmse metrics" lists which those are. An image that cannot be scored has an empty score and the reason. Exit
    status: 0 all scored, 3 some rows failed, 2 wrong usage.
    """
    from ...plugin.engine import score_tables
    from ...plugin.engine.records import Item
    from ...plugin.engine.scorer import Scorer
    from ...plugin.images import MAX_PIXELS
    from ...plugin.metrics import distinct, metric_info
    from ...plugin.tables import csv_text, read_table
    from ..process import keep_freed_memory

    keep_freed_memory()

    metrics = list(distinct(metric or ["deepmse"]))
    if resume and out is None:
        raise UsageError("--resume continues a file: name it with -o OUT.csv")
    _require_table(pairs)
    table = read_table(pairs)
    columns = score_tables.output_columns(table, metrics, details=details)
    needs_reference = any(metric_info(name).kind == "FR" for name in metrics)
    items = score_tables.items(table, dist=dist_column, ref=ref_column if needs_reference else None)
    if out is not None:
        score_tables.check_output(out, table)
    scorer = Scorer(
        metrics,
        device=device,
        weights=weights,
        preset=preset,
        policy=policy,
        batch_size=batch_size,
        max_pixels=max_pixels or MAX_PIXELS,
    )
    terminal.warn(scorer.warnings)

    failures: Counter[str] = Counter()

    def tally(error: str, item: Item) -> None:
        if error:
            failures[without_paths(error, item.dist, item.ref)] += 1

    rows: list[dict[str, str]] = []
    kept = 0
    if out is None:
        for result in terminal.progress(scorer.run(items), "Scoring", len(items)):
            rows.append(score_tables.row_of(table, metrics, result, details=details))
            tally(result.error, result.item)
        if not as_json:
            sys.stdout.writelines(csv_text(columns, rows))
    else:
        with score_tables.ScoreWriter(
            out, table, metrics, scorer.describe(), resume=resume, details=details
        ) as writer:
            kept = len(writer.kept)
            for item, row in zip(items, writer.kept, strict=False):
                tally(row[score_tables.ERROR], item)
            try:
                for result in terminal.progress(scorer.run(items[kept:]), "Scoring", len(items) - kept):
                    writer.write(result)
                    tally(result.error, result.item)
            except KeyboardInterrupt:
                terminal.err.print(
                    f"Stopped. {terminal.escaped(out)} has what was scored; go on with --resume.", soft_wrap=True
                )
                sys.exit(130)

    failed = failures.total()
    summary: dict[str, Any] = {
        "pairs": len(items),
        "scored": len(items) - failed,
        "failed": failed,
        "kept": kept,
        "errors": dict(failures.most_common()),
        "output": None if out is None else str(out),
        **scorer.describe(),
    }
    if as_json:
        print(json.dumps(summary if out else {**summary, "rows": rows}, indent=2, ensure_ascii=False))
    _print_summary(summary)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _require_table(path: Path) -> None:
    """Say what to do with images that are given in the table's place.

    Raises:
        UsageError: it is a folder or an image
    """
    from ...plugin.datasets.csv import MANIFEST
    from ...plugin.images import is_image

    if not path.is_dir():
        if path.is_file() and is_image(path):
            raise UsageError(f"{path}: is an image; list it in a CSV file, its path below the header dist")
        return
    if (manifest := path / MANIFEST).is_file():
        raise UsageError(f"{path}: is a folder; score its table: deepmse score {shlex.quote(str(manifest))}")
    files = f"find {shlex.quote(str(path))} -type f -name '*.jpg'"
    raise UsageError(
        f"{path}: is a folder; list its images in a CSV file, below the header dist, for example\n"
        f"  (echo dist; {files}) > images.csv\n"
        "or put them into FiftyOne with: deepmse load folder " + shlex.quote(str(path))
    )


def _print_summary(summary: dict[str, Any]) -> None:
    where = f" → {summary['output']}" if summary["output"] else ""
    kept = f", {summary['kept']} of them kept from before" if summary["kept"] else ""
    terminal.err.print(
        f"{summary['scored']} of {summary['pairs']} images scored{kept}{terminal.escaped(where)}", soft_wrap=True
    )
    for reason, count in summary["errors"].items():
        terminal.err.print(f"  {count} failed: {terminal.escaped(reason)}", soft_wrap=True)
