"""Figures 4 to 6 of the ConvNeXt paper: loss curves, kernels of the first layer, sample predictions."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...datasets import dataset_info
from ...engine.devices import pick_device
from ...figures import Figure, loss_curves, picture_grid
from ...images import decode
from ...learning.convnext.model import load
from ...learning.convnext.trainer import predictions
from ..context import Context
from ..outcome import Entry, Outcome
from . import models

LOSS: Final = 0.0015
"""The lowest loss on the training images (section 4.1); on which scale the paper does not say."""

SHOWN: Final = 12
"""Test images of figure 6, evenly spaced in the order of their opinions."""

_COLUMNS: Final = 12
_SAMPLE_COLUMNS: Final = 4
_ENLARGED: Final = 12
_SAMPLE_WIDTH: Final = 240


def measure_4(context: Context) -> Outcome:
    """Figure 4: losses over the epochs of training.

    Raises:
        UsageError: a dataset is malformed
    """
    found, reasons = models.at_hand(context)
    entries, figures = [], []
    for model in found:
        epochs, title = model.card["epochs"], dataset_info(model.dataset).title
        curves = {
            "training": [epoch["loss"] for epoch in epochs],
            "validation": [epoch["validation"] for epoch in epochs],
        }
        figures.append((model.dataset, loss_curves(curves, "loss, standardised opinions", model.card["kept_epoch"])))
        published = LOSS if model.dataset == models.PUBLISHED else None
        entries += [
            Entry(
                model.title,
                f"lowest {name} loss, {title}",
                published=published if name == "training" else None,
                measured=min((value for value in values if value is not None), default=None),
                n=model.card["split"][name],
                reason="the paper does not say on which scale" if published and name == "training" else None,
                digits=4,
            )
            for name, values in curves.items()
        ]
    return _outcome("convnext-4", "Loss curves of training", "figure 4", entries, found, reasons, figures)


def measure_5(context: Context) -> Outcome:
    """Figure 5: kernels of the first convolution.

    Raises:
        UsageError: a dataset is malformed
    """
    found, reasons = models.at_hand(context)
    figures = [(model.dataset, _kernels(model)) for model in found]
    return _outcome("convnext-5", "Kernels of the first convolution", "figure 5", [], found, reasons, figures)


def measure_6(context: Context) -> Outcome:
    """Figure 6: test images with opinions and predictions.

    Raises:
        UsageError: a dataset is malformed
    """
    found, reasons = models.at_hand(context)
    entries, figures = [], []
    for model in found:
        figure, error = _samples(model, context)
        figures.append((model.dataset, figure))
        title = dataset_info(model.dataset).title
        entries.append(Entry(model.title, f"MAE of the images shown, {title}", measured=error, n=SHOWN, digits=4))
    return _outcome("convnext-6", "Sample predictions", "figure 6", entries, found, reasons, figures)


def kernel_pictures(weights: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    """Kernels (K, 3, k, k) as pictures, each stretched to all grey levels, enlarged pixel by pixel."""
    low, high = weights.min((1, 2, 3), keepdims=True), weights.max((1, 2, 3), keepdims=True)
    levels = (255 * (weights - low) / np.maximum(high - low, np.finfo(np.float32).tiny)).round().astype(np.uint8)
    return list(levels.transpose(0, 2, 3, 1).repeat(_ENLARGED, 1).repeat(_ENLARGED, 2))


def _kernels(model: models.Model) -> Figure:
    network, _ = load(model.path)
    pictures = kernel_pictures(network.first.weight.detach().numpy())
    return picture_grid(pictures, [""] * len(pictures), _COLUMNS)


def _samples(model: models.Model, context: Context) -> tuple[Figure, float]:
    """Pictures with their opinions and scores, and the mean absolute error as a share of the scale."""
    testing = model.testing
    order = np.argsort(testing.opinions)
    chosen = testing[order[np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(np.intp)]]
    network, standard = load(model.path)
    scores, _ = predictions(network, standard, chosen, pick_device(context.device))
    captions = [
        f"opinion {opinion:.0f}, predicted {score:.0f}"
        for opinion, score in zip(chosen.opinions, scores, strict=True)
    ]
    pictures = []
    for path in chosen.paths:
        image = decode(path).image
        image.thumbnail((_SAMPLE_WIDTH, _SAMPLE_WIDTH))
        pictures.append(np.asarray(image))
    return picture_grid(pictures, captions, _SAMPLE_COLUMNS), float(
        np.nanmean(np.abs(scores - chosen.opinions))
    ) / 100


def _outcome(
    name: str,
    title: str,
    where: str,
    entries: list[Entry],
    found: list[models.Model],
    reasons: dict[str, str],
    figures: list[tuple[str, Figure]],
) -> Outcome:
    return Outcome(
        name,
        f"{title}: ConvNeXt paper, {where}",
        tuple(entries),
        {model.dataset: model.card for model in found},
        tuple(reasons.values()),
        notes=(
            "The paper's figure is of KonIQ-10k, and is not drawn again here; a figure of each model at hand is.",
        ),
        figures=tuple(figures),
    )
