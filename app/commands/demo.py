"""The demonstration: demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .evaluate import evaluation_table, print_reasons
from .options import Device, WeightsPath


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Print the table and exit instead of opening the App.")
    ] = False,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    data: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="NAME ROOT",
            help="Use a published dataset instead, such as: live_subset FOLDER.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the App.", show_default="FiftyOne's")] = None,
    address: Annotated[
        str | None, typer.Option(help="Address to serve the App on.", show_default="FiftyOne's")
    ] = None,
    device: Device = "auto",
    weights: WeightsPath = None,
) -> None:
    """Score a demonstration dataset and open it in the FiftyOne App beside the panel on agreement.

    By default photographs are distorted by four types at five levels. There the target is the level: a severity, not
    an opinion score.
    """
    from ...plugin.store import evaluate_view
    from .. import demo as demonstration

    if photos and data:
        raise UsageError("--photos makes a dataset and --data NAME ROOT reads one: give one of them")
    dataset = demonstration.prepare(data, photos)
    summaries = demonstration.compute(dataset, device=device, weights=weights)
    terminal.warn(dict.fromkeys(warning for summary in summaries for warning in summary.warnings))
    for summary in summaries:
        kept = f", {summary.skipped} scores kept from before" if summary.skipped else ""
        counts = f"{summary.scored} images of {dataset.name} scored, {summary.failed} failed{kept}"
        terminal.err.print(f"{summary.metric}: {counts}", soft_wrap=True)
    result = evaluate_view(dataset, breakdown="distortion")
    terminal.out.print(evaluation_table(result, "distortion"))
    print_reasons(result)
    if not headless:
        demonstration.show(
            dataset,
            port,
            address,
            announce=lambda url: terminal.out.print(f"The App is open at {url} (Ctrl+C ends it)"),
            waiting=lambda said: terminal.err.print(said, soft_wrap=True),
        )
