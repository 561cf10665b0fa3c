"""deepmse train causes: the model that tells what a picture looks bad by, made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .. import terminal
from .epochs import CardAsJson, ModelOut


def train_causes(
    kodak: Annotated[Path, typer.Argument(metavar="KODAK", help="Folder of Kodak's 24 photographs.")],
    judged: Annotated[
        Path, typer.Argument(metavar="BIQ", help="Folder of BIQ2021's subset, for the photographs judged best.")
    ],
    live: Annotated[Path, typer.Argument(metavar="LIVE", help="Folder of the subset of LIVE, to try it on.")],
    out: ModelOut = Path("causes.safetensors"),
    features: Annotated[
        Path, typer.Option(metavar="FILE.npz", help="Keep the pictures' statistics here, or go on with those kept.")
    ] = Path("causes.npz"),
    seed: Annotated[int, typer.Option(min=0, help="Of the folds.")] = 0,
    as_json: CardAsJson = False,
) -> None:
    """Make the model that tells which of 25 distortions a picture has.

    The photographs are distorted. Settings are chosen by cross-validation of two thirds of them, what is told of the
    others and of LIVE's pictures is measured, and the model learns from all.
    """
    from ...plugin import datasets
    from ...plugin.learning.causes.files import save
    from ...plugin.learning.causes.packaged import train
    from ...plugin.metrics import check_model_path

    check_model_path(out)
    photographs, real = datasets.load("biq2021_train2000", judged), datasets.load("live_subset", live)
    with terminal.bar("Distorting") as update:
        model, card = train(kodak, photographs, real, features, seed=seed, progress=update)
    save(model, out, card)
    if as_json:
        print(json.dumps(card, indent=2, ensure_ascii=False))
        return
    found = card["results"]["held_out"]["kodak"]["levels_3_to_5_and_undistorted"]
    rows = []
    for name, counts in found["confusion"].items():
        others = ", ".join(f"{other} {count}" for other, count in counts.items() if other != name)
        rows.append(
            (name, str(sum(counts.values())), str(counts.get(name, 0)), terminal.number(found["f1"][name], 3), others)
        )
    columns = ("distortion", "pictures", "told", "F1", "taken for")
    terminal.out.print(terminal.table("Held-out photographs, levels 3 to 5", columns, rows))
    terminal.out.print(
        f"macro-F1 {found['macro_f1']:.3f}, first two {found['accuracy_of_first_two']:.3f} → {terminal.escaped(out)}",
        soft_wrap=True,
    )
