"""What a three-branch model computes and holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch.utils.flop_counter import FlopCounterMode

from ...learning.three_branch.model import Architecture, ThreeBranch

SIDE: Final = 256


@dataclass(frozen=True)
class Arithmetic:
    """Of one model.

    Attributes:
        multiply_adds: in convolutions and matrix products, for one pair of ``SIDE``×``SIDE`` pixels
        parameters: all of them
        trained: those that training changes
        features: what the fully connected layers are given
    """

    multiply_adds: int
    parameters: int
    trained: int
    features: int


def arithmetic(architecture: Architecture) -> Arithmetic:
    """Count, without weights and without computing.

    Raises:
        UsageError: if an encoder does not exist
    """
    with torch.device("meta"):
        model = ThreeBranch(architecture, pretrained=False).eval()
    images = torch.empty(1, 3, SIDE, SIDE, dtype=torch.uint8, device="meta")
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        features = model.features(model.reference(images), images)
        model.head(features)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    return Arithmetic(
        # The counter takes a multiply-add for two operations.
        int(counter.get_total_flops()) // 2,
        sum(sizes.values()),
        sum(size for name, size in sizes.items() if not name.startswith("branches.frp.")),
        features.shape[1],
    )
