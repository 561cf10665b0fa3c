"""Pre-trained networks trained further on opinions: finetune."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...plugin.learning.recipes import FINETUNED
from ...plugin.learning.settings import Settings
from .. import terminal
from .config import Config
from .epochs import CardAsJson, DryRun, Resume, TensorBoard, epochs_bar, say_skipped, show_plan
from .labels import Data, LowerIsBetter, Root, Scale, Target, read
from .options import Device
from .settings import with_settings

if TYPE_CHECKING:
    from ...plugin.learning.labels import LabelledImages


@with_settings(FINETUNED)
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
    validation: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the references to hold out and watch; column ref.")
    ] = 0,
    device: Device = "auto",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Weights: a file, or a folder that has it.", show_default="search"),
    ] = None,
    resume: Resume = False,
    tensorboard: TensorBoard = False,
    dry_run: DryRun = False,
    config: Config = None,
    as_json: CardAsJson = False,
    *,
    settings: Settings,
) -> None:
    """Train a network on opinion scores: one neuron on top, random crops, no resizing, Adam.

    Writes OUT.safetensors, a metric for "deepmse score -m OUT.safetensors" that "deepmse features" also takes as the
    network's --weights, and its model card OUT.json.
    """
    from ...plugin.engine.devices import pick_device
    from ...plugin.learning.finetuned.training import Recipe, prepare
    from ...plugin.learning.finetuned.training import finetune as train
    from ...plugin.metrics import check_model_path

    check_model_path(out)
    labelled = read(data, root, target, lower_is_better, scale)
    learned, watched = _split(labelled, validation, settings.seed)
    place = pick_device(device)
    recipe = Recipe(backbone, layer, settings)
    if dry_run:
        show_plan(prepare(learned, recipe, validation=watched, weights=weights), place, as_json=as_json)
        return
    with epochs_bar(settings.epochs, out if tensorboard else None) as report:
        card = train(
            learned, recipe, out, validation=watched, weights=weights, device=place, resume=resume, report=report
        )
    say_skipped(card["skipped"])
    if as_json:
        print(json.dumps(card, indent=2, ensure_ascii=False))
    terminal.err.print(
        f"→ {terminal.escaped(out)} and its model card {terminal.escaped(out.with_suffix('.json').name)}"
    )


def _split(labelled: LabelledImages, share: float, seed: int) -> tuple[LabelledImages, LabelledImages | None]:
    """The images to learn from, and those to watch."""
    from ...plugin.evaluation.splits import hold_out

    if not share:
        return labelled, None
    split = hold_out(labelled.pictures, {"training": 1 - share, "validation": share}, seed=seed)
    return labelled[split["training"]], labelled[split["validation"]]
