"""Models trained on opinions: train."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.errors import ImageError, UsageError
from .. import terminal
from .options import Device
from .packaged import train_packaged

if TYPE_CHECKING:
    import torch

    from ...plugin.learning.gaussian_process.features import FeatureNetwork
    from ...plugin.learning.gaussian_process.search import Trial


class Recipes(StrEnum):
    """How a no-reference model is made."""

    LABELS = "labels"
    PACKAGED = "packaged"


train_app = typer.Typer(help="Train models on opinion scores.", no_args_is_help=True)


@train_app.command("nr")
def train_nr(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="CSV file with the columns dist and --target; or a dataset's name, with its ROOT."
        ),
    ],
    root: Annotated[Path | None, typer.Argument(metavar="[ROOT]", help="The named dataset's folder.")] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT.safetensors", help="Where to write; the card goes beside it.")
    ] = Path("quality.safetensors"),
    target: Annotated[str, typer.Option(help="Column of the labels.")] = "mos",
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="Lower labels mean better quality, as with DMOS.")
    ] = False,
    scale: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Lowest and highest label that there could be.", show_default="that there is"),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Keep the images' features here, or go on with those kept."),
    ] = None,
    search: Annotated[
        bool,
        typer.Option("--search", help="Search the recipe by cross-validation first; takes a dozen times as long."),
    ] = False,
    made_by: Annotated[
        Recipes,
        typer.Option("--recipe", help="labels: of DATA alone; packaged: the model that comes with this package."),
    ] = Recipes.LABELS,
    kodak: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of Kodak's photographs, for the packaged recipe.")
    ] = None,
    live: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Of the subset of LIVE, for the packaged recipe.")
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the packaged recipe keeps pictures and features, and goes on."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and searches.")] = 0,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the model card as JSON.")] = False,
) -> None:
    """Train a no-reference quality model on your own labels, and cross-validate it.

    Writes OUT.safetensors, a metric for "deepmse score -m OUT.safetensors", and its model card OUT.json.
    Images made from the same reference, named in the column ref, are kept in one fold. Images that cannot be read are
    left out and named.
    """
    from ...plugin.engine.scorer import pick_device
    from ...plugin.files import locked
    from ...plugin.learning.gaussian_process.card import card
    from ...plugin.learning.gaussian_process.design import Recipe
    from ...plugin.learning.gaussian_process.features import FeatureNetwork
    from ...plugin.learning.gaussian_process.files import save
    from ...plugin.learning.gaussian_process.search import search as search_recipe
    from ...plugin.learning.gaussian_process.training import train
    from ...plugin.learning.labels import from_csv, from_dataset
    from ...plugin.metrics import metric_info

    if out.suffix != ".safetensors":
        raise UsageError(f"{out}: a model file ends in .safetensors")
    if made_by is Recipes.PACKAGED:
        if data != "biq2021" or root is None or kodak is None or live is None or work is None:
            raise UsageError("the packaged recipe takes: biq2021 ROOT --kodak FOLDER --live FOLDER --work FOLDER")
        described = train_packaged(root, kodak, live, out, work, device=pick_device(device), seed=seed)
        terminal.out.print_json(data=described["results"])
        return
    metric_info(str(out))
    if root is None:
        labels = from_csv(Path(data), target, lower_is_better=lower_is_better, scale=scale)
    else:
        labels = from_dataset(data, root)
    if left_out := labels.origin["unlabelled"]:
        terminal.err.print(f"left out: {left_out:,} images without a label")

    recipe = Recipe()
    place = pick_device(device)
    network = FeatureNetwork(recipe.taps, recipe.pool, place)
    trials: list[Trial] = []
    with locked(out):
        samples = labels.samples(network, _features(labels.paths, network, place, features))
        if search:
            recipe, trials = search_recipe(samples, recipe, seed=seed, tell=_tell)
        with terminal.bar("Training") as update:
            model, validation = train(samples, recipe, seed=seed, progress=update)
        description = card(labels.origin, samples, network.weights, model, validation, trials, seed=seed)
        save(model, out, description)
    if as_json:
        print(json.dumps(description, indent=2, ensure_ascii=False))
        return
    terminal.out.print(_results(description["results"]))
    terminal.out.print(f"{len(samples):,} images → {terminal.escaped(out)}", soft_wrap=True)


def _features(paths: Sequence[Path], network: FeatureNetwork, device: torch.device, kept: Path | None) -> list[Any]:
    """Views of each image, None where it cannot be used."""
    from ...plugin.images import DECODING
    from ...plugin.learning.features.files import FeatureWriter, read
    from ...plugin.learning.gaussian_process.extraction import views

    def reported(found: Any) -> Any:
        if isinstance(found, ImageError):
            terminal.err.print(f"left out: {terminal.escaped(found)}", soft_wrap=True)
            return None
        return found

    if kept is None:
        return [reported(found) for found in terminal.progress(views(paths, network, device), "Features", len(paths))]
    settings = {
        "network": network.weights.describe(),
        "sizes": network.sizes(),
        "pool": network.pool,
        "decoding": DECODING,
    }
    with FeatureWriter(kept, [str(path) for path in paths], settings, resume=True) as writer:
        rest = paths[writer.done :]
        for found in terminal.progress(views(rest, network, device), "Features", len(rest)):
            if (each := reported(found)) is None:
                writer.write(None, str(found))
            else:
                writer.write(each)
    table = read(kept)
    return [None if error else each for each, error in zip(table.features, table.errors, strict=True)]


def _tell(trial: Trial) -> None:
    mark = "  kept" if trial.kept else ""
    terminal.err.print(f"{trial.choice} {trial.value}: SRCC {trial.srcc:.4f}, PLCC {trial.plcc:.4f}{mark}")


def _results(results: dict[str, Any]) -> Any:
    rows = []
    for name in ("srcc", "plcc", "krcc", "rmse"):
        low, high = results["intervals_95"].get(name, (None, None))
        rows.append((name.upper(), *(terminal.number(value) for value in (results[name], low, high))))
    return terminal.table("Cross-validated", ("", "value", "95 % from", "to"), rows)
