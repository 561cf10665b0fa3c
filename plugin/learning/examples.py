"""What a network is trained or watched on."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray


class Examples(Protocol):
    """Inputs and targets, by their number."""

    @property
    def targets(self) -> NDArray[np.float64]:
        """Standardised quality, higher is better, (N,)."""

    def load(self, index: int, key: bytes | None) -> tuple[torch.Tensor, ...]:
        """The inputs of one example, each uint8 (3, h, w).

        Args:
            index: of the example
            key: decides the place of crops and whether they are flipped; None for watching, which is always the same

        Raises:
            ImageError: if an image cannot be used
        """

    def name(self, index: int) -> str:
        """The file of an example's image, the distorted one of a pair."""
