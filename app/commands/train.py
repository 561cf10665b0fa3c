"""Models trained on opinions: train."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.errors import ImageError
from .. import terminal
from .help import Commands
from .labels import Data, LowerIsBetter, Root, Scale, Target, read
from .options import Device

if TYPE_CHECKING:
    import torch

    from ...plugin.learning.gaussian_process.features import FeatureNetwork
    from ...plugin.learning.gaussian_process.search import Trial

train_app = Commands(help="Train models on opinion scores.", no_args_is_help=True)


@train_app.command("nr")
def train_nr(
    data: Data,
    root: Root = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT.safetensors", help="Where to write; the card goes beside it.")
    ] = Path("quality.safetensors"),
    target: Target = "mos",
    lower_is_better: LowerIsBetter = None,
    scale: Scale = None,
    features: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Keep the images' features here, or go on with those kept."),
    ] = None,
    search: Annotated[
        bool,
        typer.Option("--search", help="Search the recipe by cross-validation first; takes a dozen times as long."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and searches.")] = 0,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the model card as JSON.")] = False,
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
    from ...plugin.metrics import check_model_path

    check_model_path(out)
    labelled = read(data, root, target, lower_is_better, scale)
    recipe = Recipe()
    place = pick_device(device)
    network = FeatureNetwork(recipe.taps, recipe.pool, place)
    trials: list[Trial] = []
    with locked(out):
        samples = Samples.of(labelled, _features(labelled.paths, network, place, features), network)
        if search:
            recipe, trials = search_recipe(samples, recipe, seed=seed, tell=_tell)
        with terminal.bar("Training") as update:
            description = make(
                labelled, samples, network, out, recipe=recipe, trials=trials, seed=seed, progress=update
            )
    if as_json:
        print(json.dumps(description, indent=2, ensure_ascii=False))
        return
    terminal.out.print(_results(description["results"]))
    terminal.out.print(description["results"]["in_words"], soft_wrap=True)
    terminal.out.print(f"{len(samples):,} images → {terminal.escaped(out)}", soft_wrap=True)


def _features(paths: Sequence[Path], network: FeatureNetwork, device: torch.device, kept: Path | None) -> list[Any]:
    """Views of each image, None where it cannot be used."""
    from ...plugin.images import DECODING
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
