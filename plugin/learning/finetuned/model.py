"""A backbone with one neuron of regression on top, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from ...errors import UsageError
from ...metrics.models import GRADES, Declaration
from ...networks.backbones import Backbone, build
from .. import trained
from ..trained import Standard

DECLARATION: Final = Declaration("finetuned", grades=GRADES)
"""Scores are opinions of 0 to 100; the words are for the fifths of that scale."""

#: Where the module keeps the backbone's parameters; a file has them under the library's own names.
_GRAPH: Final = "backbone.graph."


class Regression(nn.Module):
    """A backbone with one neuron on top.

    Args:
        backbone: with one layer
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.quality = nn.Linear(_channels(backbone), 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Standardised quality (N,) of uint8 images (N, 3, H, W)."""
        (activation,) = self.backbone(images)
        pooled = activation.flatten(2).mean(2) if activation.ndim > 2 else activation
        quality: torch.Tensor = self.quality(pooled)
        return quality[:, 0]


def save(
    path: Path,
    state: Mapping[str, torch.Tensor],
    backbone: Backbone,
    standard: Standard,
    card: Mapping[str, Any],
) -> None:
    """Write a model whose parameters have the backbone's own names, so that they serve as the backbone's weights.

    Args:
        path: ends in ``.safetensors``
        state: parameters of a :class:`Regression`
        backbone: its network
        standard: of the opinions that it was trained on
        card: JSON-able
    """
    tensors = {key.removeprefix(_GRAPH): value for key, value in state.items()}
    about = {"backbone": backbone.info.name, "layer": backbone.layers[0]}
    trained.save(path, tensors, DECLARATION, standard, about, card)


def load(path: Path) -> tuple[Regression, Standard]:
    """Read a model, and the scale of its outputs.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """

    def made(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> Regression:
        model = Regression(build(about["backbone"], [about["layer"]], path))
        model.quality.load_state_dict({key: tensors[f"quality.{key}"] for key in ("weight", "bias")})
        return model

    return trained.load(path, made, "deepmse finetune")


def _channels(backbone: Backbone) -> int:
    size = backbone.info.size
    with torch.inference_mode():
        (activation,) = backbone(torch.zeros(1, 3, size, size, dtype=torch.uint8))
    if activation.ndim not in (2, 4):
        raise UsageError(
            f"{backbone.info.title}, {backbone.layers[0]}: has no channels to average; name another layer"
        )
    return int(activation.shape[1])
