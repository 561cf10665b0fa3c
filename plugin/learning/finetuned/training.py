"""Networks that were trained on objects, trained further on opinions: one neuron of regression on top.

N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
Informatics 39, 2020, section 3.2: random crops of the network's input size, no resizing, Adam at 0.0001, 30 epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import UsageError
from ...images import decode
from ...networks.backbones import backbone_info, build
from ..crops import random_crops
from ..files import versions
from ..labels import LabelledImages, require_contrast
from ..loop import Job
from ..recipes import FINETUNED
from ..regression import Regression
from ..results import curve
from ..settings import Epoch, Settings
from ..trained import Standard
from .model import save


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults are the paper's.

    Attributes:
        backbone: the network
        layer: what the neuron looks at, averaged over positions; empty for what the network classifies by
        settings: of the loop
    """

    backbone: str
    layer: str = ""
    settings: Settings = FINETUNED


@dataclass(frozen=True)
class Crops:
    """Random crops of labelled images as examples.

    Attributes:
        labelled: the images
        targets: standardised opinions, (N,)
        size: side of the crops, in pixels
    """

    labelled: LabelledImages
    targets: NDArray[np.float64]
    size: int

    def load(self, index: int, key: bytes | None) -> tuple[torch.Tensor, ...]:
        """One crop, uint8 (3, size, size)."""
        chosen = str(index).encode() if key is None else key
        return (random_crops(decode(self.labelled.paths[index]).pixels, self.size, 1, chosen)[0],)

    def name(self, index: int) -> str:
        """The image's file."""
        return str(self.labelled.paths[index])


def prepare(
    training: LabelledImages,
    recipe: Recipe,
    *,
    validation: LabelledImages | None = None,
    weights: str | Path | None = None,
) -> Job:
    """Make ready to train a backbone on opinions.

    Args:
        training: the images to learn from
        recipe: how
        validation: images to watch, which training does not see
        weights: the backbone's weights file or folder; None to search

    Raises:
        UsageError: all labels are the same
        WeightsError: the backbone's weights are not found
    """
    require_contrast(training.opinions)
    torch.manual_seed(recipe.settings.seed)
    info = backbone_info(recipe.backbone)
    model = Regression(build(recipe.backbone, [recipe.layer or info.logits], weights))
    model.requires_grad_(True)
    standard = Standard.of(training.opinions)

    def crops(labelled: LabelledImages) -> Crops:
        return Crops(labelled, standard.targets(labelled.opinions), info.size)

    pretrained = model.backbone.weights
    identity = {
        "recipe": asdict(recipe),
        "images": training.digest,
        "validation": None if validation is None else validation.digest,
        "weights": None if pretrained is None else pretrained.sha256,
    }
    card = {
        "model": f"no-reference image quality: {info.title}, trained further",
        "backbone": info.name,
        "layer": model.backbone.layers[0],
        "data": {**training.origin, "images": len(training), "images_sha256": identity["images"]},
        "split": {"training": len(training), "validation": 0 if validation is None else len(validation)},
        "recipe": asdict(recipe),
        "target": asdict(standard),
        "images_sha256": identity["images"],
        "pretrained": None if pretrained is None else pretrained.describe(),
    }
    watched = None if validation is None else crops(validation)
    return Job(model, crops(training), watched, recipe.settings, identity, card)


def finetune(
    training: LabelledImages,
    recipe: Recipe,
    out: Path,
    *,
    validation: LabelledImages | None = None,
    weights: str | Path | None = None,
    device: torch.device,
    resume: bool = False,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> dict[str, Any]:
    """Train a backbone on opinions.

    Writes ``OUT.safetensors``, whose parameters have the backbone's own names, so that it serves as the backbone's
    weights, and beside ``quality.*`` those of the neuron; ``OUT.json``, which says how it came about; ``OUT.learnt``,
    by which its images are known again; and what :func:`~deepmse.plugin.learning.loop.train` writes.

    Args:
        training: the images to learn from
        recipe: how
        out: ``OUT.safetensors``
        validation: images to watch, which training does not see
        weights: the backbone's weights file or folder; None to search
        device: where to compute
        resume: go on from the checkpoint, if there is one
        report: told of each epoch when it is done

    Returns:
        the card

    Raises:
        UsageError: all labels are the same, no image can be used, the recipe stops early without validation images,
            or the checkpoint is of another training
        WeightsError: the backbone's weights are not found
    """
    if out.suffix != ".safetensors":
        raise UsageError(f"{out}: networks are written to a .safetensors file")
    job = prepare(training, recipe, validation=validation, weights=weights)
    outcome = job.train(out, device=device, resume=resume, report=report)
    card = {
        **job.card,
        "images": len(training) - len(outcome.skipped),
        "skipped": list(outcome.skipped),
        "kept_epoch": outcome.kept.number,
        "results": job.results(outcome),
        "epochs": curve(outcome.epochs),
        "device": device.type,
        "versions": versions("torch", "torchvision", "timm"),
    }
    save(out, outcome.state, cast(Regression, job.module), Standard(**job.card["target"]), card)
    job.remember(out)
    return card
