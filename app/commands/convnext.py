"""ConvNeXt models trained on opinions: train convnext."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ...plugin.learning.recipes import CONVNEXT
from ...plugin.learning.settings import Settings
from .. import terminal
from .config import Config
from .epochs import CardAsJson, Crop, DryRun, ModelOut, Resume, TensorBoard, epochs_bar, say_skipped, show_plan
from .labels import Data, LowerIsBetter, Root, Scale, Target, read
from .options import Device
from .settings import with_settings


@with_settings(CONVNEXT)
def train_convnext(
    data: Data,
    root: Root = None,
    out: ModelOut = Path("photographs.safetensors"),
    target: Target = "mos",
    lower_is_better: LowerIsBetter = None,
    scale: Scale = None,
    variant: Annotated[
        str, typer.Option(help="Size of the network: atto, femto, pico, nano, tiny, small, base or large.")
    ] = "tiny",
    size: Annotated[
        int, typer.Option(min=64, help="Pixels of a picture's longer side, at most; larger ones are reduced.")
    ] = 512,
    crop: Crop = None,
    test: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share to test on, where the dataset has no split of its own.")
    ] = 0.3,
    watched: Annotated[
        float, typer.Option(min=0.01, max=0.9, help="Share of the others that is watched to stop early.")
    ] = 0.1,
    device: Device = "auto",
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights",
            help="Pretrained weights: a file, or a folder that has it.",
            show_default="search, else from random parameters",
        ),
    ] = None,
    scratch: Annotated[bool, typer.Option("--scratch", help="Start from random parameters.")] = False,
    resume: Resume = False,
    tensorboard: TensorBoard = False,
    dry_run: DryRun = False,
    config: Config = None,
    as_json: CardAsJson = False,
    *,
    settings: Settings,
) -> None:
    """Train a no-reference ConvNeXt on your own labels, stop it early, and test it on images it has not seen.

    Writes OUT.safetensors, a metric for "deepmse score -m OUT.safetensors" that sees whole pictures at their own
    aspect ratio, its card OUT.json with the loss curves, and the log OUT.log.csv. A dataset's own split is used where
    it has one.
    """
    from ...plugin.engine.devices import pick_device
    from ...plugin.learning.convnext.trainer import fit, prepare
    from ...plugin.metrics import check_model_path

    check_model_path(out)
    labelled = read(data, root, target, lower_is_better, scale)
    place = pick_device(device)
    job, testing = prepare(
        labelled,
        variant=variant,
        longest=size,
        crop=crop,
        settings=settings,
        test=test,
        watched=watched,
        weights=weights,
        scratch=scratch,
    )
    if dry_run:
        show_plan(job, place, as_json=as_json)
        return
    with epochs_bar(settings.epochs, out if tensorboard else None) as report:
        trained = fit(job, testing, out, device=place, resume=resume, report=report)
    with terminal.bar("Testing") as told:
        card = trained.test(place, told)
    say_skipped(card["skipped"])
    if card["from_random"] and not scratch:
        terminal.warn([f"trained from random parameters: {card['from_random']}"])
    if as_json:
        print(json.dumps(card, indent=2, ensure_ascii=False))
        return
    if card["split"]["test"]:
        terminal.out.print(_results(card["results"]))
    terminal.out.print(
        f"epoch {card['kept_epoch']} of {len(card['epochs'])} kept → {terminal.escaped(out)}", soft_wrap=True
    )


def _results(results: dict[str, Any]) -> Any:
    rows: list[tuple[str, ...]] = [("MAE of 100", terminal.number(results["mae"]), "", "")]
    for name in ("plcc", "srcc"):
        low, high = results["intervals_95"].get(name, (None, None))
        rows.append((name.upper(), *(terminal.number(value) for value in (results[name], low, high))))
    title = f"On {results['n']:,} images that training has not seen, PLCC after a logistic fit"
    return terminal.table(title, ("", "value", "95 % from", "to"), rows)
