"""Pairs of images as examples to learn from, and what the frozen branch makes of whole ones, kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ImageError
from ...images import decode
from ...threads import in_order, lanes
from ..crops import mirrored
from ..labels import LabelledImages
from .model import ThreeBranch

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Pairs:
    """Reference and distorted images as examples, flipped at random in training.

    Attributes:
        labelled: the distorted images, each with its reference
        targets: standardised opinions, (N,)
        crop: side of random crops, in pixels; None for whole images
    """

    labelled: LabelledImages
    targets: NDArray[np.float64]
    crop: int | None = None

    def load(self, index: int, key: bytes | None) -> tuple[torch.Tensor, ...]:
        """Reference and distorted image, uint8 (3, h, w) each, cropped and flipped alike."""
        paths = Path(str(self.labelled.references[index])), self.labelled.paths[index]
        reference, distorted = (decode(path).pixels for path in paths)
        if reference.shape != distorted.shape:
            (height, width), (other_height, other_width) = distorted.shape[:2], reference.shape[:2]
            raise ImageError(
                paths[1], f"of another size than its reference: {width}×{height}, not {other_width}×{other_height}"
            )
        both = np.stack([reference, distorted])
        chosen = hashlib.sha256(str(index).encode() if key is None else key).digest()
        if self.crop is not None:
            size = self.crop
            both = np.stack([mirrored(each, size) for each in both])
            top, left = (
                int.from_bytes(chosen[8 * place : 8 * place + 8], "little") % (side - size + 1)
                for place, side in enumerate(both.shape[1:3])
            )
            both = both[:, top : top + size, left : left + size]
        if key is not None:
            if chosen[16] % 2:
                both = both[:, ::-1]
            if chosen[17] % 2:
                both = both[:, :, ::-1]
        tensors = torch.from_numpy(np.ascontiguousarray(both)).permute(0, 3, 1, 2)
        return tensors[0].contiguous(), tensors[1].contiguous()

    def name(self, index: int) -> str:
        """The distorted image's file."""
        return str(self.labelled.paths[index])


@dataclass(frozen=True)
class PooledPairs:
    """The same examples as what the frozen branch makes of each whole pair, which is not flipped: averages over
    positions would hardly change.

    Attributes:
        pairs: the pairs
        found: of each, what the fully connected layers are given, (D,), or why there is nothing
    """

    pairs: Pairs
    found: tuple[torch.Tensor | ImageError, ...]

    @classmethod
    def of(cls, pairs: Pairs, model: ThreeBranch, device: torch.device, progress: Progress) -> PooledPairs:
        """Compute it, once for all epochs.

        Args:
            pairs: whole ones
            model: whose branches are all frozen
            device: where to compute
            progress: told of the pairs that are done, and how many there are
        """
        references = pairs.labelled.references
        order = sorted(range(len(references)), key=lambda index: str(references[index]))
        groups = [list(group) for _, group in groupby(order, key=lambda index: references[index])]
        model = model.to(device).eval()

        def take(group: list[int]) -> list[torch.Tensor | ImageError]:
            with torch.inference_mode():
                return list(_pooled(pairs, group, model, device))

        found: dict[int, torch.Tensor | ImageError] = {}
        with lanes(device) as (computing, width):
            results = in_order((computing.submit(take, group) for group in groups), width)
            for group, result in zip(groups, results, strict=True):
                found.update(zip(group, result, strict=True))
                progress(len(found), len(order))
        return cls(pairs, tuple(found[index] for index in range(len(order))))

    @property
    def targets(self) -> NDArray[np.float64]:
        """Standardised opinions, (N,)."""
        return self.pairs.targets

    def load(self, index: int, key: bytes | None) -> tuple[torch.Tensor, ...]:
        """What the fully connected layers are given of one pair, (D,), the same whatever the key."""
        found = self.found[index]
        if isinstance(found, ImageError):
            raise found
        return (found,)

    def name(self, index: int) -> str:
        """The distorted image's file."""
        return self.pairs.name(index)


def _pooled(
    pairs: Pairs, group: list[int], model: ThreeBranch, device: torch.device
) -> Iterator[torch.Tensor | ImageError]:
    """Of pairs with the same reference, whose features are computed once."""
    kept: tuple[torch.Tensor, ...] | None = None
    for index in group:
        try:
            reference, distorted = (image[None].to(device) for image in pairs.load(index, None))
        except ImageError as error:
            yield error
            continue
        if kept is None:
            kept = model.reference(reference)
        yield model.features(kept, distorted)[0].cpu()
