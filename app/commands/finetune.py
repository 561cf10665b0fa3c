"""Pre-trained networks trained further on opinions: finetune."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .options import Device

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...plugin.learning.finetuned.training import Epoch, Labelled


def finetune(
    images: Annotated[
        Path, typer.Argument(metavar="IMAGES.csv", help="CSV file with the column dist; relative paths start there.")
    ],
    target: Annotated[str, typer.Option(help="Column of the opinion scores.")],
    backbone: Annotated[str, typer.Option("--backbone", "-b", help="Network, see “deepmse features --list”.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.safetensors", help="Where to write.")],
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

    Writes OUT.safetensors, which "deepmse features" takes as the network's --weights, and its model card OUT.json.
    """
    from ...plugin.engine.scorer import pick_device
    from ...plugin.learning.finetuned.training import Recipe
    from ...plugin.learning.finetuned.training import finetune as train

    learned, watched = _labelled(images, target, validation, seed)
    recipe = Recipe(backbone, layer, epochs, learning_rate, batch_size, patience, seed)
    with terminal.bar("Epochs") as update:

        def report(epoch: Epoch) -> None:
            update(epoch.number, epochs)
            seen = "" if epoch.validation is None else f", validation {epoch.validation:.4f}"
            terminal.err.print(f"epoch {epoch.number}: loss {epoch.loss:.4f}{seen}")

        try:
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
        except KeyboardInterrupt:
            terminal.err.print("Stopped. Whole epochs are kept; go on with --resume.", soft_wrap=True)
            sys.exit(130)
    card = out.with_suffix(".json").read_text(encoding="utf-8")
    if as_json:
        print(json.dumps(json.loads(card), indent=2, ensure_ascii=False))
    terminal.err.print(
        f"→ {terminal.escaped(out)} and its model card {terminal.escaped(out.with_suffix('.json').name)}"
    )


def _labelled(path: Path, target: str, share: float, seed: int) -> tuple[Labelled, Labelled | None]:
    """The images of a table to learn from, and those to watch."""
    import numpy as np

    from ...plugin.engine.score_tables import items
    from ...plugin.evaluation.splits import hold_out
    from ...plugin.learning.finetuned.training import Labelled
    from ...plugin.tables import read_table

    table = read_table(path)
    paths = [Path(item.dist) for item in items(table, ref=None)]
    targets = np.array(table.numbers(target))
    known = np.flatnonzero(np.isfinite(targets))
    if left_out := len(targets) - len(known):
        terminal.err.print(f"left out: {left_out:,} images without a label")
    if not len(known):
        raise UsageError(f"{path}: no image has a {target}")

    def labelled(indices: NDArray[np.intp]) -> Labelled:
        return Labelled([paths[index] for index in indices], targets[indices])

    if not share:
        return labelled(known), None
    groups = [table.rows[index].get("ref") for index in known]
    split = hold_out(groups, {"training": 1 - share, "validation": share}, seed=seed)
    return labelled(known[split["training"]]), labelled(known[split["validation"]])
