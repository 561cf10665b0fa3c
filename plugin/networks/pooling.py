"""Activations of any size to vectors: what is kept of each channel over the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
import torch.nn.functional as F

from ..errors import UsageError

Pooling = Callable[[torch.Tensor], torch.Tensor]


def mean(activation: torch.Tensor) -> torch.Tensor:
    """Mean of each channel: (N, C, h, w) to (N, C)."""
    return activation.mean((2, 3))


def mean_std(activation: torch.Tensor) -> torch.Tensor:
    """Means of the channels, then their standard deviations: (N, C, h, w) to (N, 2 C)."""
    # Position by position, as channels-last memory has them, and squares in one pass: torch.var_mean takes ten times
    # as long.
    positions = activation.permute(0, 2, 3, 1).flatten(1, 2)
    means = positions.mean(1)
    variances = F.mse_loss(positions, means[:, None].expand_as(positions), reduction="none").mean(1)
    return torch.cat([means, variances.sqrt_()], dim=1)


POOLINGS: Final[Mapping[str, Pooling]] = {"mean": mean, "mean+std": mean_std}


def pooling(name: str) -> Pooling:
    """Look a pooling up by name.

    Raises:
        UsageError: if there is none of that name
    """
    try:
        return POOLINGS[name]
    except KeyError:
        raise UsageError(f"no pooling {name!r}; there are {', '.join(POOLINGS)}") from None
