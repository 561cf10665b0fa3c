"""Metrics and trained models as ONNX files: export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .. import terminal
from .options import WeightsPath


def export(
    metric: Annotated[
        str, typer.Argument(metavar="METRIC", help="Metric: deepmse or nr; or a trained model's .safetensors file.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.onnx", help="Where to write.")],
    weights: WeightsPath = None,
    preset: Annotated[
        str | None, typer.Option(help="DeepMSE's stages: lpips-ends, image+relu or pools.", show_default="lpips-ends")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Image policy: resize-256, or native for no resizing.", show_default="the metric's"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file's card as JSON.")] = False,
) -> None:
    """Write a metric or a trained model as an ONNX graph, which runs without PyTorch.

    Before it is written, the graph is compared with PyTorch on photographs of several sizes. The file holds a card
    that says what goes in and comes out, which direction is better, and where the parameters are from.
    """
    from ...plugin.engine.export import export as write

    card = write(metric, out, weights=weights, preset=preset, policy=policy)
    warning = card["source"].get("weights", {}).get("warning")
    terminal.warn([warning] if warning else [])
    if as_json:
        print(json.dumps(card, indent=2, ensure_ascii=False))
    inputs, outputs = (
        ", ".join(f"{name} {tuple(end['shape'])}".replace("'", "") for name, end in card[ends].items())
        for ends in ("inputs", "outputs")
    )
    terminal.err.print(f"{inputs} → {outputs}", soft_wrap=True, markup=False)
    difference = card["checked"]["largest_relative_difference"]
    terminal.err.print(
        f"→ {terminal.escaped(out)}; on {card['checked']['pictures']} photographs within {difference:.1g} of "
        "PyTorch, relatively",
        soft_wrap=True,
    )
