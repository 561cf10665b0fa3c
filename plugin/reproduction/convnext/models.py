"""The trained models that the table and the figures are of: one a dataset at hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...datasets import dataset_info
from ...engine.devices import pick_device
from ...errors import DeepMSEError, UsageError
from ...learning.convnext.trainer import TEST, WATCHED, fit, parts, prepare
from ...learning.labels import LabelledImages, from_dataset
from ..context import Context

PUBLISHED: Final = "koniq10k"
"""The paper's dataset."""

DATASETS: Final = (PUBLISHED, "biq2021", "biq2021_train2000")
"""Measured where they are at hand; the paper has numbers of the first alone."""


@dataclass(frozen=True)
class Model:
    """A model at hand.

    Attributes:
        dataset: name of what it was trained on
        path: its file
        card: its card
        labelled: all images of the dataset
    """

    dataset: str
    path: Path
    card: dict[str, Any]
    labelled: LabelledImages

    @property
    def title(self) -> str:
        """Network and start, in print."""
        return f"ConvNeXt-{self.card['variant']}, {'pretrained' if self.card['pretrained'] else 'from scratch'}"

    @property
    def testing(self) -> LabelledImages:
        """The images that training has not seen."""
        split, _ = parts(self.labelled, TEST, WATCHED, self.card["settings"]["seed"])
        return self.labelled[split["test"]]


def at_hand(context: Context) -> tuple[list[Model], dict[str, str]]:
    """The models of datasets at hand, and why there is none of each of the others.

    A model is ``DATASET_convnext.safetensors`` in the context's folder; where there is a GPU it is trained by the
    paper's recipe.
    """
    models: list[Model] = []
    reasons: dict[str, str] = {}
    for name in DATASETS:
        if name not in context.roots:
            info = dataset_info(name)
            reasons[name] = f"{info.title}: unpack it and name its folder, {name}=FOLDER ({info.citation})"
            continue
        try:
            models.append(_model(name, context))
        except DeepMSEError as error:
            reasons[name] = str(error).splitlines()[0].removesuffix(" Tried:")
    return models, reasons


def _model(name: str, context: Context) -> Model:
    labelled = from_dataset(name, context.roots[name])
    path = context.out / f"{name}_convnext.safetensors"
    if not path.exists():
        device = pick_device(context.device)
        if device.type == "cpu":
            raise UsageError(
                f"{dataset_info(name).title}: training takes a GPU, or {path.name} in the folder of results, made by "
                f"`deepmse train convnext {name} FOLDER -o {path.name}`"
            )
        context.out.mkdir(parents=True, exist_ok=True)
        job, testing = prepare(labelled, weights=context.weights)
        fit(job, testing, path, device=device, resume=True).test(device)
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if card["data"]["images_sha256"] != labelled.digest:
        raise UsageError(f"{path}: was trained on other images; remove it")
    if not card["split"]["test"]:
        raise UsageError(f"{path}: was trained without a test; remove it, or train it with --test 0.3")
    return Model(name, path, card, labelled)
