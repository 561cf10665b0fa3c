"""Square crops of images: no resizing, for scale is a part of quality."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def random_crops(pixels: Pixels, size: int, count: int, key: bytes) -> torch.Tensor:
    """Crops at places that depend on the key, the number of the crop and the image's size alone.

    An image that is smaller than the crop is first continued by mirroring it at its right and lower edges.

    Args:
        pixels: RGB, shape (H, W, 3)
        size: side of the crops, in pixels
        count: K crops
        key: decides the places; the same key gives the same places on any machine

    Returns:
        uint8, shape (K, 3, size, size)
    """
    pixels = mirrored(pixels, size)
    corners = (_corner(pixels.shape[0] - size, pixels.shape[1] - size, key, number) for number in range(count))
    crops = np.stack([pixels[top : top + size, left : left + size] for top, left in corners])
    return torch.from_numpy(crops).permute(0, 3, 1, 2)


def mirrored(pixels: Pixels, size: int) -> Pixels:
    """An image (H, W, 3) continued by its mirror image so that no side is shorter than ``size`` pixels."""
    missing = [(0, max(size - side, 0)) for side in pixels.shape[:2]]
    return np.pad(pixels, (*missing, (0, 0)), mode="symmetric") if any(map(any, missing)) else pixels


def _corner(lowest: int, rightmost: int, key: bytes, number: int) -> tuple[int, int]:
    digest = hashlib.sha256(key + number.to_bytes(8, "little")).digest()
    return (
        int.from_bytes(digest[:8], "little") % (lowest + 1),
        int.from_bytes(digest[8:16], "little") % (rightmost + 1),
    )
