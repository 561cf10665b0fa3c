"""Models trained on opinions: train."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ...plugin.errors import ImageError, UsageError
from ...plugin.learning.recipes import THREE_BRANCH
from ...plugin.learning.settings import Settings
from .. import terminal
from .causes import train_causes
from .config import Config
from .convnext import train_convnext
from .epochs import CardAsJson, Crop, DryRun, ModelOut, Resume, TensorBoard, epochs_bar, say_skipped, show_plan
from .finetune import finetune
from .help import Commands
from .labels import Data, LowerIsBetter, Root, Scale, Target, read
from .options import Device
from .packaged import Photographs, train_packaged
from .settings import with_settings
from .weak import read_weak

if TYPE_CHECKING:
    import torch

    from ...plugin.learning.gaussian_process.features import FeatureNetwork
    from ...plugin.learning.gaussian_process.search import Trial


class LabelKinds(StrEnum):
    """Where the labels of pairs come from."""

    OPINIONS = "opinions"
    METRICS = "metrics"


class Recipes(StrEnum):
    """How a no-reference model is made."""

    LABELS = "labels"
    PACKAGED = "packaged"
    FREE = "free"


_ENCODER: Final = "inception-v3"

train_app = Commands(help="Train models on opinion scores.", no_args_is_help=True)
train_app.command("convnext")(train_convnext)
train_app.command("finetune")(finetune)
train_app.command("causes")(train_causes)


@train_app.command("nr")
def train_nr(
    data: Data,
    root: Root = None,
    out: ModelOut = Path("quality.safetensors"),
    target: Target = "mos",
    lower_is_better: LowerIsBetter = None,
    scale: Scale = None,
    features: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Keep the images' features here, or go on with those kept."),
    ] = None,
    cross_validated: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.csv", help="Also write each image's opinion, and its score by a model that did not see it."
        ),
    ] = None,
    search: Annotated[
        bool,
        typer.Option("--search", help="Search the recipe by cross-validation first; takes a dozen times as long."),
    ] = False,
    made_by: Annotated[
        Recipes,
        typer.Option(
            "--recipe",
            help="labels: of DATA alone; packaged: nr, which comes with this package; free: nr-free, likewise.",
        ),
    ] = Recipes.LABELS,
    kodak: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of Kodak's photographs, for the packaged recipe.")
    ] = None,
    bsds: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of BSDS500's photographs, for the packaged recipe.")
    ] = None,
    live: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of the subset of LIVE, for the packaged recipes.")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where packaged recipes keep pictures and features, and go on."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and searches.")] = 0,
    device: Device = "auto",
    config: Config = None,
    as_json: CardAsJson = False,
) -> None:
    """Train a no-reference quality model on your own labels, and cross-validate it.

    Writes OUT.safetensors, a metric for "deepmse score -m OUT.safetensors", and its model card OUT.json.
    Images made from the same reference, named in the column ref, are kept in one fold. Images that cannot be read are
    left out and named.
    """
    from ...plugin.engine.devices import pick_device
    from ...plugin.files import locked
    from ...plugin.learning.gaussian_process.design import Recipe
    from ...plugin.learning.gaussian_process.features import FeatureNetwork
    from ...plugin.learning.gaussian_process.search import search as search_recipe
    from ...plugin.learning.gaussian_process.trainer import make
    from ...plugin.learning.gaussian_process.training import Samples
    from ...plugin.learning.gaussian_process.validation import write_validation
    from ...plugin.metrics import check_model_path

    if made_by is not Recipes.LABELS:
        more = Photographs(root, bsds) if root and bsds else None
        if made_by is Recipes.FREE:
            if live is None or work is None or root or bsds or kodak:
                raise UsageError("the recipe free takes: KODAK24 --live FOLDER --work FOLDER, and no other data")
            kodak = Path(data)
        elif data != "biq2021" or more is None or kodak is None or live is None or work is None:
            raise UsageError(
                "the packaged recipe takes: biq2021 ROOT --kodak FOLDER --bsds FOLDER --live FOLDER --work FOLDER"
            )
        described = train_packaged(kodak, live, out, work, more, device=pick_device(device), seed=seed)
        terminal.out.print_json(data=described["results"])
        return
    check_model_path(out)
    labelled = read(data, root, target, lower_is_better, scale)
    recipe = Recipe()
    place = pick_device(device)
    network = FeatureNetwork(recipe.taps, recipe.pool, place)
    trials: list[Trial] = []
    with locked(out):
        views = _features(labelled.paths, network, place, features)
        samples = Samples.of(labelled, views, network)
        if search:
            recipe, trials = search_recipe(samples, recipe, seed=seed, tell=_tell)
        with terminal.bar("Training") as update:
            description, validation = make(
                labelled, samples, network, out, recipe=recipe, trials=trials, seed=seed, progress=update
            )
    if cross_validated is not None:
        usable = [path for path, each in zip(labelled.paths, views, strict=True) if each is not None]
        write_validation(cross_validated, usable, samples.opinions, validation)
    if as_json:
        print(json.dumps(description, indent=2, ensure_ascii=False))
        return
    terminal.out.print(_results(description["results"]))
    terminal.out.print(description["results"]["in_words"], soft_wrap=True)
    terminal.out.print(f"{len(samples):,} images → {terminal.escaped(out)}", soft_wrap=True)


@train_app.command("fr")
@with_settings(THREE_BRANCH)
def train_fr(
    data: Data,
    root: Root = None,
    out: ModelOut = Path("comparison.safetensors"),
    target: Target = "mos",
    lower_is_better: LowerIsBetter = False,
    scale: Scale = None,
    labels: Annotated[
        LabelKinds,
        typer.Option(
            help="opinions: those of DATA; metrics: DATA is a folder of deepmse synth, or of photographs to distort, "
            "and metrics say how good its pictures are."
        ),
    ] = LabelKinds.OPINIONS,
    metrics: Annotated[
        str, typer.Option(help="For --labels metrics: their ranks are averaged; names with commas.")
    ] = "haarpsi,mdsi,fsimc,gmsd",
    work: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="For --labels metrics: where pictures and scores are kept, to go on."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="MODEL", help="A trained three-branch model to go on from, with its branches."
        ),
    ] = None,
    frp: Annotated[
        str | None,
        typer.Option(
            help="Encoder of the frozen, pretrained branch that compares; “none” leaves it out.",
            show_default=_ENCODER,
        ),
    ] = None,
    frnp: Annotated[
        str | None, typer.Option(help="Encoder of the trained branch that compares.", show_default=_ENCODER)
    ] = None,
    nr: Annotated[
        str | None, typer.Option(help="Encoder of the branch that sees the image alone.", show_default=_ENCODER)
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", help="Compare by the logarithm of differences, features standardised.")
    ] = False,
    crop: Crop = None,
    held_out: Annotated[float, typer.Option(min=0, max=0.9, help="Share to watch and not to learn from.")] = 0.2,
    split: Annotated[
        str, typer.Option(help="What is held out: references, or images, which leaks a picture to both sides.")
    ] = "references",
    device: Device = "auto",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="The frozen encoder's weights: file or folder.", show_default="search"),
    ] = None,
    resume: Resume = False,
    tensorboard: TensorBoard = False,
    dry_run: DryRun = False,
    config: Config = None,
    as_json: CardAsJson = False,
    *,
    settings: Settings,
) -> None:
    """Train a three-branch full-reference model on your own labelled pairs (columns dist and ref).

    Two branches compare the images, by frozen pretrained features and by trained ones; the third sees the distorted
    image alone. With --labels metrics no opinions are needed: the rank average of metrics on distorted photographs
    is learnt, and a second call with --from goes on with opinions. Writes OUT.safetensors, a metric for
    "deepmse score -m OUT.safetensors", its card OUT.json and the log OUT.log.csv.
    """
    from ...plugin.engine.devices import pick_device
    from ...plugin.learning.three_branch.model import Architecture
    from ...plugin.learning.three_branch.trainer import fit, prepare
    from ...plugin.metrics import check_model_path

    check_model_path(out)
    if split not in ("references", "images"):
        raise UsageError(f"--split is references or images, not {split!r}")
    encoders = (frp, frnp, nr)
    architecture = None
    if start is None:
        architecture = Architecture(_encoder(frp), _encoder(frnp), _encoder(nr), log)
    elif log or any(encoders):
        raise UsageError(f"{start}: has its own branches; leave --frp, --frnp, --nr and --log out")
    if labels is LabelKinds.METRICS:
        labelled = read_weak(Path(data), work, [name.strip() for name in metrics.split(",")], device, settings.seed)
    else:
        labelled = read(data, root, target, lower_is_better, scale)
    place = pick_device(device)
    choices: dict[str, Any] = {
        "architecture": architecture,
        "settings": settings,
        "held_out": held_out,
        "by_image": split == "images",
        "crop": crop,
        "weights": weights,
        "start": start,
    }
    if dry_run:
        show_plan(prepare(labelled, **choices), place, as_json=as_json)
        return
    with (
        epochs_bar(settings.epochs, out if tensorboard else None) as report,
        terminal.bar("Frozen features") as progress,
    ):
        card = fit(labelled, out, device=place, resume=resume, report=report, progress=progress, **choices)
    say_skipped(card["skipped"])
    if leaking := card["split"]["references_on_both_sides"]:
        terminal.warn([f"the split leaks: {leaking:,} references are on both sides, so that its SRCC is too good"])
    if as_json:
        print(json.dumps(card, indent=2, ensure_ascii=False))
        return
    srcc = card["results"]["validation_srcc"]
    watched = "" if srcc is None else f", SRCC {srcc:.4f} on {card['split']['validation']:,} held-out pairs"
    terminal.out.print(
        f"epoch {card['kept_epoch']} of {len(card['epochs'])} kept{watched} → {terminal.escaped(out)}", soft_wrap=True
    )


def _encoder(name: str | None) -> str | None:
    """What is asked for, or the paper's; None where the branch is left out."""
    return None if name == "none" else name or _ENCODER


def _features(paths: Sequence[Path], network: FeatureNetwork, device: torch.device, kept: Path | None) -> list[Any]:
    """Views of each image, None where it cannot be used."""
    from ...plugin.learning.features.files import FeatureWriter
    from ...plugin.learning.features.files import read as read_features
    from ...plugin.learning.gaussian_process.extraction import views

    def reported(found: Any) -> Any:
        if isinstance(found, ImageError):
            terminal.err.print(f"left out: {terminal.escaped(found)}", soft_wrap=True)
            return None
        return found

    if kept is None:
        return [reported(found) for found in terminal.progress(views(paths, network, device), "Features", len(paths))]
    with FeatureWriter(kept, [str(path) for path in paths], network.describe(), resume=True) as writer:
        rest = paths[writer.done :]
        for found in terminal.progress(views(rest, network, device), "Features", len(rest)):
            if (each := reported(found)) is None:
                writer.write(None, str(found))
            else:
                writer.write(each)
    table = read_features(kept)
    return [None if error else each for each, error in zip(table.features, table.errors, strict=True)]


def _tell(trial: Trial) -> None:
    mark = "  kept" if trial.kept else ""
    terminal.err.print(f"{trial.choice} {trial.value}: SRCC {trial.srcc:.4f}, PLCC {trial.plcc:.4f}{mark}")


def _results(results: dict[str, Any]) -> Any:
    rows = []
    for name in ("srcc", "plcc", "krcc", "rmse"):
        low, high = results["intervals_95"].get(name, (None, None))
        rows.append((name.upper(), *(terminal.number(value) for value in (results[name], low, high))))
    return terminal.table(
        "Cross-validated, PLCC and RMSE after a logistic fit", ("", "value", "95 % from", "to"), rows
    )
