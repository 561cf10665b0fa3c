"""Benchmarks: bench speed, bench fiftyone."""

from __future__ import annotations

import json
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
    """Time all that a computation in FiftyOne takes besides decoding and inference."""
    from ..bench import fiftyone_overhead

    for error_maps in (False, True):
        seconds = fiftyone_overhead(samples, error_maps=error_maps)
        maps = "with" if error_maps else "without"
        terminal.out.print(
            f"{samples:,} pairs, {maps} error maps: {seconds:.1f} s to read the view, write fields and the run"
        )
