"""A backbone with one neuron of regression on top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import torch
from torch import nn

from ..errors import UsageError
from ..networks.backbones import Backbone, build

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

    @property
    def about(self) -> dict[str, str]:
        """What a file's header has to say for :meth:`rebuilt`."""
        return {"backbone": self.backbone.info.name, "layer": self.backbone.layers[0]}

    @classmethod
    def rebuilt(cls, path: Path, tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> Self:
        """From a file with the parameters under :func:`own_names`.

        Args:
            path: the file
            tensors: what it holds
            about: its header

        Raises:
            KeyError: if it lacks something
            UsageError: if there is no such backbone or layer
            WeightsError: if it lacks parameters of the backbone
        """
        model = cls(build(about["backbone"], [about["layer"]], path))
        model.quality.load_state_dict({key: tensors[f"quality.{key}"] for key in ("weight", "bias")})
        return model


def own_names(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Parameters of a :class:`Regression`, the backbone's under its own names, so that they serve as its weights."""
    return {key.removeprefix(_GRAPH): value for key, value in state.items()}


def _channels(backbone: Backbone) -> int:
    size = backbone.info.size
    with torch.inference_mode():
        (activation,) = backbone(torch.zeros(1, 3, size, size, dtype=torch.uint8))
    if activation.ndim not in (2, 4):
        raise UsageError(
            f"{backbone.info.title}, {backbone.layers[0]}: has no channels to average; name another layer"
        )
    return int(activation.shape[1])
