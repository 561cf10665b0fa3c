"""Networks that were trained on objects, trained further on opinions: one neuron of regression on top.

N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
Informatics 39, 2020, section 3.2: random crops of the network's input size, no resizing, Adam at 0.0001, 30 epochs.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from ...errors import UsageError
from ...files import locked, write_whole
from ...images import decode
from ...networks.backbones import backbone_info, build
from ...threads import decoders, in_order
from ..crops import random_crops
from ..labels import LabelledImages, require_contrast
from .model import Regression, save

#: Batches that are decoded ahead.
_AHEAD: Final = 2


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


@dataclass(frozen=True)
class Epoch:
    """How far training is.

    Attributes:
        number: of the epoch, from 1
        loss: mean squared error of the standardised targets over the epoch's crops
        validation: the same on the validation images after the epoch, one fixed crop of each; None without any
    """

    number: int
    loss: float
    validation: float | None


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
    weights, and beside ``quality.*`` those of the neuron; ``OUT.json``, which says how it came about; and after each
    epoch ``OUT.checkpoint.pt``, from which an interrupted run goes on to the same result, bit for bit on a CPU.

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
        UsageError: all labels are the same, the recipe stops early without validation images, or the checkpoint is
            of another training
        WeightsError: the backbone's weights are not found
        ImageError: an image cannot be used
    """
    _check(training, recipe, validation, out)
    torch.manual_seed(recipe.seed)
    info = backbone_info(recipe.backbone)
    model = Regression(build(recipe.backbone, [recipe.layer or info.logits], weights)).to(device)
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    scale = float(np.mean(training.opinions)), float(np.std(training.opinions))
    run = _Run(model, optimizer, recipe, scale, device)
    identity = {
        "recipe": asdict(recipe),
        "images": digest(training),
        "validation": None if validation is None else digest(validation),
        "weights": None if model.backbone.weights is None else model.backbone.weights.sha256,
    }
    checkpoint = out.with_suffix(".checkpoint.pt")
    with locked(out), decoders(device) as pool:
        if resume and checkpoint.exists():
            run.restore(checkpoint, identity)
        while not run.finished:
            epoch = run.train(training, validation, pool)
            run.save(checkpoint, identity)
            report(epoch)
        save(out, run.best or model.state_dict(), model.backbone, scale, run.card(identity, len(training)))
    return tuple(run.history)


class _Run:
    """Training under way."""

    def __init__(
        self,
        model: Regression,
        optimizer: torch.optim.Optimizer,
        recipe: Recipe,
        scale: tuple[float, float],
        device: torch.device,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.recipe = recipe
        self.scale = scale
        self.device = device
        self.history: list[Epoch] = []
        self.best: dict[str, torch.Tensor] | None = None

    @property
    def best_epoch(self) -> Epoch:
        """The epoch whose network is kept."""
        if self.recipe.patience is None:
            return self.history[-1]
        return min(self.history, key=lambda epoch: (epoch.validation, epoch.number))

    @property
    def finished(self) -> bool:
        if len(self.history) >= self.recipe.epochs:
            return True
        patience = self.recipe.patience
        return patience is not None and bool(self.history) and len(self.history) - self.best_epoch.number >= patience

    def train(self, training: LabelledImages, validation: LabelledImages | None, pool: Executor) -> Epoch:
        """One epoch. Everything random in it depends on the seed and the epoch's number alone."""
        number = len(self.history) + 1
        generator = np.random.default_rng([self.recipe.seed, number])
        order = generator.permutation(len(training.paths))
        torch.manual_seed(int(generator.integers(2**63)))
        self.model.train()
        total = 0.0
        for images, targets in self._batches(training, order, number, pool):
            self.optimizer.zero_grad()
            loss = F.mse_loss(self.model(images), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total += loss.item() * len(targets)
        mean = total / len(order)
        if not math.isfinite(mean):
            raise UsageError(f"training diverged in epoch {number}: the loss is {mean}; lower the learning rate")
        watched = None if validation is None else self._validate(validation, pool)
        epoch = Epoch(number, mean, watched)
        self.history.append(epoch)
        if self.recipe.patience is not None and self.best_epoch is epoch:
            self.best = {key: value.detach().cpu().clone() for key, value in self.model.state_dict().items()}
        return epoch

    def _validate(self, validation: LabelledImages, pool: Executor) -> float:
        self.model.eval()
        total = 0.0
        with torch.inference_mode():
            for images, targets in self._batches(validation, np.arange(len(validation.paths)), 0, pool):
                total += F.mse_loss(self.model(images), targets, reduction="sum").item()
        return total / len(validation.paths)

    def _batches(
        self, labelled: LabelledImages, order: NDArray[np.int64], epoch: int, pool: Executor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Crops (N, 3, size, size) and standardised targets (N,), decoded ahead."""
        size = self.model.backbone.info.size
        targets = torch.tensor((labelled.opinions - self.scale[0]) / self.scale[1], dtype=torch.float32)

        def crop(index: int) -> torch.Tensor:
            key = f"{self.recipe.seed} {epoch} {index}".encode()
            return random_crops(decode(labelled.paths[index]).pixels, size, 1, key)

        parts = [
            order[start : start + self.recipe.batch_size] for start in range(0, len(order), self.recipe.batch_size)
        ]
        jobs = (pool.submit(crop, int(index)) for part in parts for index in part)
        decoded = in_order(jobs, _AHEAD * self.recipe.batch_size)
        for part in parts:
            images = torch.cat(list(islice(decoded, len(part))))
            yield images.to(self.device), targets[part].to(self.device)

    def save(self, path: Path, identity: dict[str, Any]) -> None:
        """Write everything that the rest of the training depends on."""
        state = {
            "identity": json.dumps(identity),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": [asdict(epoch) for epoch in self.history],
            "best": self.best,
        }
        buffer = BytesIO()
        torch.save(state, buffer)
        write_whole(path, buffer.getvalue())

    def card(self, identity: dict[str, Any], images: int) -> dict[str, Any]:
        """What users of the network should know."""
        backbone = self.model.backbone
        return {
            "backbone": backbone.info.name,
            "layer": backbone.layers[0],
            "recipe": identity["recipe"],
            "target": {"mean": self.scale[0], "std": self.scale[1]},
            "images": images,
            "images_sha256": identity["images"],
            "pretrained": None if backbone.weights is None else backbone.weights.describe(),
            "kept_epoch": self.best_epoch.number,
            "epochs": [asdict(epoch) for epoch in self.history],
            "device": self.device.type,
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in ("torch", "torchvision", "timm")},
            },
        }

    def restore(self, path: Path, identity: dict[str, Any]) -> None:
        """Read what :meth:`save` wrote.

        Raises:
            UsageError: if it is of another training
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        if json.loads(state["identity"]) != identity:
            raise UsageError(
                f"{path}: is of other images, weights or another recipe; leave --resume away to start anew"
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = [Epoch(**epoch) for epoch in state["history"]]
        self.best = state["best"]


def _check(training: LabelledImages, recipe: Recipe, validation: LabelledImages | None, out: Path) -> None:
    if out.suffix != ".safetensors":
        raise UsageError(f"{out}: networks are written to a .safetensors file")
    require_contrast(training.opinions)
    if recipe.patience is not None and validation is None:
        raise UsageError("stopping early needs validation images to watch")


def digest(labelled: LabelledImages) -> str:
    """What tells one set of labelled images from another: names and targets."""
    rows = [[path.name, float(target)] for path, target in zip(labelled.paths, labelled.opinions, strict=True)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
