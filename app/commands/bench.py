"""Benchmarks: bench speed, rows, fiftyone, gpu, precision, steadiness, page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from .help import Commands
from .options import Device, DistColumn, RefColumn

if TYPE_CHECKING:
    from ..bench_others import Beside

bench_app = Commands(help="Benchmarks: measured here and now, on this machine.", no_args_is_help=True)


@bench_app.command("speed")
def bench_speed(
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often to time each; the median counts.")] = 5,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="PROJECT,…",
            help="In place of that, other projects' metrics beside the same ones here: piq, pyiqa and torchmetrics, "
            "those that are installed.",
        ),
    ] = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rates as JSON.")] = False,
) -> None:
    """Time decoding, DeepMSE and LPIPS (network squeeze) on the same images, model only and from files to CSV."""
    from tempfile import TemporaryDirectory

    from ...plugin.process import keep_freed_memory
    from ..bench import speed

    keep_freed_memory()
    with TemporaryDirectory() as folder:
        if against is not None:
            from ..bench_others import beside

            projects = [name.strip() for name in against.split(",")]
            _print_beside(beside(Path(folder), photos, projects, rounds, device), as_json)
            return
        result = speed(Path(folder), photos, rounds, device)
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
        return
    rows = [
        (rate.name, f"{rate.per_second:.0f} {rate.unit}/s", *map(str, result.ratios(rate))) for rate in result.rates
    ]
    terminal.out.print(terminal.table("Median speed", ("", "", *result.baselines), rows))
    terminal.out.print(f"\nDeepMSE, files to CSV, reaches {result.decode_share:.0%} of what decoding alone allows.")


def _print_beside(found: Sequence[Beside], as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    rows = [(each.metric, each.project, f"{each.ours:.1f}", f"{each.theirs:.1f}", str(each.ratio)) for each in found]
    titles = ("metric", "project", "pairs/s here", "pairs/s there", "ratio (least–most)")
    terminal.out.print(terminal.table("Files to scores, median", titles, rows, left=2))


@bench_app.command("fiftyone")
def bench_fiftyone(
    samples: Annotated[int, typer.Option(min=1, help="Pairs in the dataset.")] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time what a computation in FiftyOne takes besides inference, and what the curation panel waits for."""
    from ..bench_store import curation_latency, overhead

    waits = curation_latency(samples)
    found = [(error_maps, *overhead(samples, error_maps=error_maps)) for error_maps in (False, True)]
    if as_json:
        keys = ("error_maps", "seconds", "peak_mb")
        overheads = [dict(zip(keys, each, strict=True)) for each in found]
        print(json.dumps({"samples": samples, "curation_seconds": waits, "overhead": overheads}, indent=2))
        return
    times = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in waits.items())
    terminal.out.print(f"{samples:,} images with a score, the curation panel: {times}")
    for error_maps, seconds, peak_mb in found:
        maps = "with" if error_maps else "without"
        terminal.out.print(
            f"{samples:,} pairs, {maps} error maps: {seconds:.1f} s to read the view, write fields and the run; "
            f"{peak_mb:,.0f} MB of memory at most"
        )


@bench_app.command("rows")
def bench_rows(
    rows: Annotated[
        list[int] | None, typer.Argument(min=1, metavar="ROWS...", help="How many.", show_default="100 to 100,000")
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            "--pairs", metavar="TABLE", help="Repeat what this table lists.", show_default="tiny pictures, made here"
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", "-m", help="Repeatable.", show_default="psnr")
    ] = None,
    engine: Annotated[str, typer.Option(help="local or ray.")] = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time tables of more and more rows, and the memory that they take."""
    from tempfile import TemporaryDirectory

    from ...plugin.process import keep_freed_memory
    from ...plugin.tables import read_table
    from ..bench_rows import growth

    keep_freed_memory()
    chosen = metrics or ["psnr"]
    table = None if pairs is None else read_table(pairs)
    with TemporaryDirectory() as folder:
        found = list(growth(Path(folder), rows or [100, 1_000, 10_000, 100_000], engine, chosen, table))
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    cells = [
        (f"{each.rows:,}", f"{each.seconds:.1f}", terminal.number(each.per_second, 0), f"{each.peak_mb:,.0f}")
        for each in found
    ]
    columns = ("rows", "seconds", "rows/s beyond the line before", "peak memory so far, MB")
    title = f"{', '.join(chosen)}, files to CSV, engine {engine}"
    terminal.out.print(terminal.table(title, columns, cells, left=0))


@bench_app.command("gpu")
def bench_gpu(
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N or mps.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check a graphics card, and time it. Exit status 1 if a check fails."""
    from tempfile import TemporaryDirectory

    import torch

    from ..bench_gpu import card, examine, find_gpu

    chosen = find_gpu(device)
    with TemporaryDirectory() as folder:
        checks = list(terminal.progress(examine(Path(folder), photos, chosen), "Checking", None))
    if as_json:
        print(json.dumps([check.to_dict() for check in checks], indent=2, ensure_ascii=False))
    else:
        print(f"| {card(chosen)}, PyTorch {torch.__version__} | | |\n| --- | --- | --- |")
        words = {True: "ok", False: "FAILED", None: ""}
        for check in checks:
            print(f"| {check.name} | {check.found} | {words[check.passed]} |")
    if any(check.passed is False for check in checks):
        raise typer.Exit(1)


@bench_app.command("steadiness")
def bench_steadiness(
    photos: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of the pictures to score.")],
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", "-m", help="Metric that needs no reference; repeatable.")
    ] = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the distances as JSON.")] = False,
) -> None:
    """How far scores move when pictures are turned, mirrored, saved well, enlarged a little or cut by a pixel."""
    from ...plugin.engine.devices import pick_device
    from ...plugin.engine.steadiness import movements
    from ...plugin.images import images_in
    from ...plugin.metrics import create, distinct
    from ...plugin.process import keep_freed_memory

    keep_freed_memory()
    found = images_in(photos)
    terminal.warn([found.note] if found.note else [])
    judges = [create(name, device=pick_device(device)) for name in distinct(metrics or ["nr"])]
    with terminal.bar("Pictures") as update:
        moved = movements(found.images, judges, update)
    if as_json:
        print(json.dumps([asdict(each) for each in moved], indent=2, ensure_ascii=False))
        return
    rows = [
        (each.metric, each.change, str(each.images), terminal.number(each.median, 2), terminal.number(each.high, 2))
        for each in moved
    ]
    columns = ("metric", "change", "n", "median", "95 %")
    terminal.out.print(terminal.table("Distances between scores", columns, rows, left=2))


@bench_app.command("page")
def bench_page(
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    clients: Annotated[int, typer.Option(min=1, help="How many use the page at the same time.")] = 8,
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs each compares, one after the other.")] = 25,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Serve the web page to many clients at once: what they wait, and how the server's memory grows.

    Before they come, and where Playwright and Chromium are installed, a browser with an empty cache opens the page.
    A pair is lost if it gets no score, or another one than "deepmse score" gives. Exit status 1 if any is.
    """
    from tempfile import TemporaryDirectory

    from ..crowd import crowd

    with TemporaryDirectory() as folder:
        found = crowd(Path(folder), photos, clients, pairs, device)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        terminal.out.print(
            f"{clients} clients × {pairs} pairs, {found.lost} lost; "
            f"{found.seconds_p50:.2f} s in the median, 95 % below {found.seconds_p95:.2f} s\n"
            f"Memory: {found.first_mb:.0f} MB after the first round, {found.last_mb:.0f} MB at the end "
            f"({found.growth:+.1%})"
        )
        if visits := found.first_visits:
            terminal.out.print(
                f"First visit: something to see after {visits.painted_s:.2f} s, buttons after {visits.usable_s:.2f} s"
            )
    if found.lost:
        raise typer.Exit(1)


@bench_app.command("precision")
def bench_precision(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Of images and, for deepmse, references.")],
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", "-m", help="deepmse, nr or nr-1; repeatable.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="COL", help="Column of opinions.")] = None,
    dist_column: DistColumn = "dist",
    ref_column: RefColumn = "ref",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Rows to take, from the first.", show_default="all")
    ] = None,
    device: Device = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> None:
    """How far scores move where networks compute in bfloat16, and how much less processor time they take."""
    from ...plugin.engine.precision_change import change
    from ...plugin.engine.score_tables import items
    from ...plugin.metrics import distinct, metric_info
    from ...plugin.process import keep_freed_memory
    from ...plugin.tables import read_table, to_number

    keep_freed_memory()
    read = read_table(table)
    read.require(*([target] if target else []))
    opinions = [to_number(row[target]) for row in read.rows][:limit] if target else None
    found = []
    for name in distinct(metrics or ["deepmse"]):
        compares = metric_info(name).kind == "FR"
        chosen = items(read, dist=dist_column, ref=ref_column if compares else None)[:limit]
        with terminal.bar(name) as update:
            found.append(change(name, chosen, opinions, device=device, progress=update))
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
        return
    rows = [
        (
            each.metric,
            f"{each.n:,}",
            *(f"{value:.3g}" for value in (each.largest, each.mean, each.scale)),
            terminal.number(each.srcc, 5),
            " → ".join(terminal.number(value) for value in each.opinion),
            f"{each.speed:.2f} ×",
        )
        for each in found
    ]
    columns = ("metric", "n", "largest", "mean", "spread of scores", "SRCC", "SRCC with opinion", "speed")
    terminal.out.print(terminal.table("bfloat16 beside float32", columns, rows))
