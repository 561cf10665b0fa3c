"""Pre-trained networks trained further on opinions: finetune."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from .epochs import epochs_bar
from .labels import Data, LowerIsBetter, Root, Scale, Target, read
from .options import Device

if TYPE_CHECKING:
    from ...plugin.learning.labels import LabelledImages


def finetune(
    data: Data,
    backbone: Annotated[str, typer.Option("--backbone", "-b", help="Network, see “deepmse features --list”.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.safetensors", help="Where to write.")],
    root: Root = None,
    target: Target = "mos",
    lower_is_better: LowerIsBetter = None,
    scale: Scale = None,
    layer: Annotated[
        str, typer.Option("--layer", "-l", help="What the neuron looks at.", show_default="the classifier's")
    ] = "",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the images.")] = 30,
    learning_rate: Annotated[float, typer.Option(help="Adam's.")] = 1e-4,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 16,
    validation: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the references to hold out and watch; column ref.")
    ] = 0,
    patience: Annotated[
        int | None,
        typer.Option(min=1, help="Stop after so many epochs without progress on them.", show_default="all epochs"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    device: Device = "auto",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Weights: a file, or a folder that has it.", show_default="search"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last whole epoch.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the model card as JSON.")] = False,
) -> None:
    """Train a network on opinion scores: one neuron on top, random crops, no resizing, Adam.

    Writes OUT.safetensors, a metric for "deepmse score -m OUT.safetensors" that "deepmse features" also takes as the
    network's --weights, and its model card OUT.json.
    """
    from ...plugin.engine.devices import pick_device
    from ...plugin.learning.finetuned.training import Recipe
    from ...plugin.learning.finetuned.training import finetune as train
    from ...plugin.metrics import check_model_path

    check_model_path(out)
    learned, watched = _split(read(data, root, target, lower_is_better, scale), validation, seed)
    recipe = Recipe(backbone, layer, epochs, learning_rate, batch_size, patience, seed)
    with epochs_bar(epochs) as report:
        train(
            learned,
            recipe,
            out,
            validation=watched,
            weights=weights,
            device=pick_device(device),
            resume=resume,
            report=report,
        )
    card = out.with_suffix(".json").read_text(encoding="utf-8")
    if as_json:
        print(json.dumps(json.loads(card), indent=2, ensure_ascii=False))
    terminal.err.print(
        f"→ {terminal.escaped(out)} and its model card {terminal.escaped(out.with_suffix('.json').name)}"
    )


def _split(labelled: LabelledImages, share: float, seed: int) -> tuple[LabelledImages, LabelledImages | None]:
    """The images to learn from, and those to watch."""
    from ...plugin.evaluation.splits import hold_out

    if not share:
        return labelled, None
    split = hold_out(labelled.references, {"training": 1 - share, "validation": share}, seed=seed)
    return labelled[split["training"]], labelled[split["validation"]]
