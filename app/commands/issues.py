"""What is wrong with images, besides what opinion would say: issues."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .options import Device, DistColumn, FilledDataset, Images, View

if TYPE_CHECKING:
    from ...plugin.engine.issue_opinions import IssueOpinion
    from ...plugin.engine.issue_tables import Count


def issues(
    paths: Images = None,
    dataset: FilledDataset = None,
    view: View = None,
    patches: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Of a dataset: the detections whose boxes are looked at, each by itself."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", "-m", help="Also score with a no-reference metric, such as nr; repeatable."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT.csv",
            help="Where to write a row an image: CSV, or by its suffix .tsv, .jsonl or .parquet.",
        ),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="ISSUE=VALUE", help="Where an issue begins, e.g. blurry=50; repeatable."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Of a table: its column of opinions, such as mos, to set issues beside."),
    ] = None,
    dist_column: DistColumn = "dist",
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what a stopped run left in OUT.csv.part.csv.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print how many have which issue as JSON.")] = False,
) -> None:
    """Find images that are blurry, noisy, dark, bright, flat, clipped, grey, oddly shaped, compressed or doubled.

    Each image is decoded once for all measures, and for the scores if any are asked for. Prints how many images have
    which issue, by which threshold; OUT.csv has the measures of each.
    """
    from ...plugin.engine import issue_tables
    from ...plugin.issues import thresholds_with

    thresholds = thresholds_with(map(_threshold, threshold or []))
    if (dataset is None) == (not paths):
        raise UsageError("name paths, or a FiftyOne dataset by --dataset NAME, and not both")
    if dataset is not None:
        if out is not None or resume or target is not None:
            raise UsageError("--out, --resume and --target are for paths; of a dataset the samples get the fields")
        _report(_of_dataset(dataset, view, patches, metric or [], thresholds, device), as_json)
        return
    if patches is not None:
        raise UsageError("--patches is for a FiftyOne dataset; name it by --dataset")

    if resume and out is None:
        raise UsageError("--resume continues a file: name it with -o OUT.csv")

    from ...plugin.engine.inputs import read_inputs
    from ...plugin.engine.issue_opinions import beside_opinions
    from ...plugin.engine.row_writer import check_output
    from ...plugin.engine.score_tables import items
    from ...plugin.tables import Table, csv_text, write_table

    table = read_inputs(paths or [], lines=sys.stdin, folder=None if out is None else out.parent, dist=dist_column)
    opinions = None if target is None else table.numbers(target)
    look = issue_tables.Look(table, metric or [], device=device)
    images = items(table, dist=dist_column, ref=None)
    found: list[issue_tables.Found] = []
    if out is None:
        found += terminal.progress(look.run(images), "Looking", len(images))
    else:
        check_output(out, table)
        with look.writer(out, resume=resume) as writer, terminal.stoppable(writer.rows_path):
            found += map(issue_tables.from_kept, images, writer.kept)
            rest = images[len(found) :]
            for each in terminal.progress(look.run(rest), "Looking", len(rest)):
                writer.append(issue_tables.as_kept(each))
                found.append(each)
    judgements = issue_tables.judged([each for each, _ in found], thresholds)
    rows = list(issue_tables.rows(table, dist_column, found, judgements))
    if out is not None:
        write_table(out, Table(out, look.columns, tuple(rows)))
        writer.forget()
    elif not as_json and not sys.stdout.isatty():
        sys.stdout.writelines(csv_text(look.columns, rows))
    beside = None if opinions is None else beside_opinions(judgements, opinions)
    _report(issue_tables.counts(judgements, thresholds), as_json, beside, target)
    if out is not None:
        terminal.err.print(f"{len(rows):,} images → {terminal.escaped(out)}", soft_wrap=True)


def _threshold(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise UsageError(f"--threshold {text}: write ISSUE=VALUE, such as blurry=50") from None


def _of_dataset(
    name: str,
    view: str | None,
    patches: str | None,
    metrics: Sequence[str],
    thresholds: dict[str, float],
    device: str,
) -> list[Count]:
    from ...plugin.store import IssuesJob, open_samples

    samples = open_samples(name, view)
    job = IssuesJob(samples, patches=patches, metrics=metrics, thresholds=thresholds, device=device)
    with terminal.bar("Looking") as update:
        for state in job:
            update(state.done, state.total)
    return job.counts


def _report(
    counts: Sequence[Count],
    as_json: bool,
    opinions: Sequence[IssueOpinion] | None = None,
    target: str | None = None,
) -> None:
    if as_json:
        found: dict[str, Any] = {"issues": [asdict(each) for each in counts]}
        if opinions is not None:
            found["opinions"] = [asdict(each) for each in opinions]
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows = [(each.issue, each.rule, f"{each.images:,}", f"{100 * each.share:.1f} %") for each in counts]
    terminal.err.print(terminal.table("Issues", ["issue", "where", "images", "share"], rows, left=2))
    if opinions is not None:
        titles = [
            "issue",
            f"SRCC with {target}",
            "5th to 95th percentile",
            "images",
            f"mean {target}",
            "of the others",
        ]
        terminal.err.print(terminal.table(f"Issues beside {target}", titles, map(_beside, opinions)))


def _beside(each: IssueOpinion) -> list[str]:
    srcc = terminal.number(None) if each.srcc is None else f"{each.srcc:+.2f}"
    spread = terminal.number(None) if each.low is None else f"{each.low:.4g} to {each.high:.4g}"
    means = (terminal.number(mean, 3) for mean in (each.mean, each.mean_of_others))
    return [each.issue, srcc, spread, f"{each.images:,}", *means]
