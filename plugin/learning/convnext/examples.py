"""Photographs at the working size, whole or cropped, as a network learns from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...images import decode
from ..crops import random_crops
from ..labels import LabelledImages
from .model import at_working_size


@dataclass(frozen=True)
class Photographs:
    """Whole images or random crops of them at the working size as examples, flipped left to right at random.

    Attributes:
        labelled: the images
        targets: standardised opinions, (N,)
        longest: pixels of the longer side, at most
        crop: side of the crops, in pixels; None for whole images
    """

    labelled: LabelledImages
    targets: NDArray[np.float64]
    longest: int
    crop: int | None = None

    def load(self, index: int, key: bytes | None) -> tuple[torch.Tensor, ...]:
        """One image or crop, uint8 (3, h, w)."""
        image = at_size(self.labelled.paths[index], self.longest)
        chosen = str(index).encode() if key is None else key
        if self.crop is not None:
            image = random_crops(image.permute(1, 2, 0).numpy(), self.crop, 1, chosen)[0]
        if key is not None and hashlib.sha256(b"flip" + key).digest()[0] % 2:
            image = image.flip(-1)
        return (image.contiguous(),)

    def name(self, index: int) -> str:
        """The image's file."""
        return str(self.labelled.paths[index])


def at_size(path: Path, longest: int) -> torch.Tensor:
    """An image of a file at the working size, uint8 (3, H, W); ImageError if it cannot be used."""
    pixels = np.ascontiguousarray(decode(path).pixels)
    return at_working_size(torch.from_numpy(pixels).permute(2, 0, 1)[None], longest)[0]
