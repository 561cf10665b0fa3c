"""Networks that were trained on objects, trained further on opinions: one neuron of regression on top.

N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
Informatics 39, 2020, section 3.2: random crops of the network's input size, no resizing, Adam at 0.0001, 30 epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import UsageError
from ...images import decode
from ...networks.backbones import backbone_info, build
from ..crops import random_crops
from ..files import versions
from ..labels import LabelledImages, require_contrast
from ..loop import train
from ..regression import Regression
from ..settings import Epoch, Settings
from ..trained import Standard
from .model import save


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults are the paper's.

    Attributes:
        backbone: the network
        layer: what the neuron looks at, averaged over positions; empty for what the network classifies by
        epochs: passes over the images
        learning_rate: Adam's
        batch_size: images at a time
        patience: stop after so many epochs without a lower loss on the validation images, and keep the network of
            the lowest; None to train all epochs and keep the last
        seed: of the neuron, of the images' order and of the crops
    """

    backbone: str
    layer: str = ""
    epochs: int = 30
    learning_rate: float = 1e-4
    batch_size: int = 16
    patience: int | None = None
    seed: int = 0

    @property
    def settings(self) -> Settings:
        """The loop's settings: mean squared error, Adam at one rate."""
        return Settings(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            best_by="loss",
            patience=self.patience,
            keep_last=self.patience is None,
            seed=self.seed,
        )


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
) -> tuple[Epoch, ...]:
    """Train a backbone on opinions.

    Writes ``OUT.safetensors``, whose parameters have the backbone's own names, so that it serves as the backbone's
    weights, and beside ``quality.*`` those of the neuron; ``OUT.json``, which says how it came about; and what
    :func:`~deepmse.plugin.learning.loop.train` writes.

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
        all epochs

    Raises:
        UsageError: all labels are the same, no image can be used, the recipe stops early without validation images,
            or the checkpoint is of another training
        WeightsError: the backbone's weights are not found
    """
    if out.suffix != ".safetensors":
        raise UsageError(f"{out}: networks are written to a .safetensors file")
    require_contrast(training.opinions)
    torch.manual_seed(recipe.seed)
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
    outcome = train(
        model,
        crops(training),
        recipe.settings,
        out,
        identity,
        validation=None if validation is None else crops(validation),
        device=device,
        resume=resume,
        report=report,
    )
    card = {
        "backbone": info.name,
        "layer": model.backbone.layers[0],
        "recipe": asdict(recipe),
        "target": asdict(standard),
        "images": len(training) - len(outcome.skipped),
        "images_sha256": identity["images"],
        "skipped": list(outcome.skipped),
        "pretrained": None if pretrained is None else pretrained.describe(),
        "kept_epoch": outcome.kept.number,
        "epochs": [asdict(epoch) for epoch in outcome.epochs],
        "device": device.type,
        "versions": versions("torch", "torchvision", "timm"),
    }
    save(out, outcome.state, model, standard, card)
    return outcome.epochs
