"""Images of different sizes in batches of one size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

R = TypeVar("R")


def by_size(images: Sequence[torch.Tensor | R], compute: Callable[[list[int], torch.Tensor], Sequence[R]]) -> list[R]:
    """Compute results for images in batches of one size; what is no image is its own result.

    Args:
        images: images, shape (3, H, W), or results
        compute: gives the results of a batch for the images' places in ``images`` and the images, shape (N, 3, H, W)
    """
    results: dict[int, R] = {}
    groups: dict[torch.Size, list[int]] = {}
    for index, image in enumerate(images):
        if isinstance(image, torch.Tensor):
            groups.setdefault(image.shape, []).append(index)
        else:
            results[index] = image
    for batch in groups.values():
        stacked = torch.stack([image for index in batch if isinstance(image := images[index], torch.Tensor)])
        results.update(zip(batch, compute(batch, stacked), strict=True))
    return [results[index] for index in range(len(images))]
