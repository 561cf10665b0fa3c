"""Benchmarks: bench speed, bench fiftyone, bench steadiness, bench page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .. import terminal
from .help import Commands
from .options import Device

bench_app = Commands(help="Benchmarks: measured here and now, on this machine.", no_args_is_help=True)


@bench_app.command("speed")
def bench_speed(
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often to time each; the median counts.")] = 5,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rates as JSON.")] = False,
) -> None:
    """Time decoding, DeepMSE and LPIPS (network squeeze) on the same images, model only and from files to CSV."""
    from tempfile import TemporaryDirectory

    from ..bench import speed
    from ..process import keep_freed_memory

    keep_freed_memory()
    with TemporaryDirectory() as folder:
        result = speed(Path(folder), photos, rounds, device)
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
        return
    rows = [
        (rate.name, f"{rate.per_second:.0f} {rate.unit}/s", *(f"{ratio:.1f} ×" for ratio in result.ratios(rate)))
        for rate in result.rates
    ]
    terminal.out.print(terminal.table("Median speed", ("", "", *result.baselines), rows))
    terminal.out.print(f"\nDeepMSE, files to CSV, reaches {result.decode_share:.0%} of what decoding alone allows.")


@bench_app.command("fiftyone")
def bench_fiftyone(
    samples: Annotated[int, typer.Option(min=1, help="Pairs in the dataset.")] = 10_000,
) -> None:
    """Time what a computation in FiftyOne takes besides inference, and what the curation panel waits for."""
    from ..bench import curation_latency, fiftyone_overhead

    for error_maps in (False, True):
        seconds = fiftyone_overhead(samples, error_maps=error_maps)
        maps = "with" if error_maps else "without"
        terminal.out.print(
            f"{samples:,} pairs, {maps} error maps: {seconds:.1f} s to read the view, write fields and the run"
        )
    times = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in curation_latency(samples).items())
    terminal.out.print(f"{samples:,} images with a score, the curation panel: {times}")


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
    from ..process import keep_freed_memory

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
    if found.lost:
        raise typer.Exit(1)
