"""Features of images: a stream of files in, a stream of vectors out, in order, errors as data."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ImageError, UsageError
from ...images import DECODING, MAX_PIXELS, decode
from ...networks.backbones import Backbone
from ...networks.pooling import pooling
from ...threads import decoders, in_order, lanes
from ..crops import mirrored, random_crops

Vectors = NDArray[np.float32]

CROPS: Final = 10
"""As many as the paper averages over."""

GPU_BATCH: Final = 64
NO_POOLING: Final = "none"


@dataclass(frozen=True)
class Features:
    """What was found of one image.

    Attributes:
        path: the file
        vectors: one a crop, (K, D), the layers side by side; None where the image cannot be used
        error: why it cannot; empty if it can
    """

    path: Path
    vectors: Vectors | None
    error: str = ""


def check_settings(pool: str, crops: int | None) -> None:
    """Check what does not depend on the network, before its weights are looked for.

    Args:
        pool: name of the pooling
        crops: random crops of each image; None for the whole image

    Raises:
        UsageError: if the pooling does not exist, there is no crop, or whole images are to be taken without pooling
    """
    if pool != NO_POOLING:
        pooling(pool)
    if crops is None and pool == NO_POOLING:
        raise UsageError("whole images differ in size, and their raw activations in number: pool them, or take crops")
    if crops is not None and crops < 1:
        raise UsageError(f"the number of crops must be at least 1, not {crops}")


class Extractor:
    """Takes features from images.

    Args:
        backbone: the network and its layers
        pool: ``none`` for each activation as it is, ``mean`` or ``mean+std`` of each channel
        crops: random crops of the backbone's size of each image; None for the whole image at its own size
        seed: of the crops' places, together with the content of the image's file
        device: where to compute
        batch_size: crops at a time; None for what suits the device

    Raises:
        UsageError: if the pooling does not exist, or whole images are to be taken without one: the number of raw
            activations depends on the image's size
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        pool: str = NO_POOLING,
        crops: int | None = CROPS,
        seed: int = 0,
        device: torch.device,
        batch_size: int | None = None,
    ) -> None:
        check_settings(pool, crops)
        self.backbone = backbone.to(device).to(memory_format=torch.channels_last)
        self._pool_name = pool
        self._pool = None if pool == NO_POOLING else pooling(pool)
        self._crops = crops
        self._seed = seed
        self._device = device
        # One at a time, a crop has the same features to the last bit in any batch, and a CPU is as fast.
        self._batch_size = batch_size or (1 if device.type == "cpu" else GPU_BATCH)

    def describe(self) -> dict[str, Any]:
        """Everything besides the images that decides the features, where they are computed, and how many of them are
        each layer's, in their order; JSON-able.
        """
        info, weights = self.backbone.info, self.backbone.weights
        return {
            "backbone": info.name,
            "sizes": self.sizes(),
            "weights": None if weights is None else weights.describe(),
            "pool": self._pool_name,
            "crops": self._crops,
            "crop_size": None if self._crops is None else info.size,
            "seed": self._seed,
            "decoding": DECODING,
            "device": self._device.type,
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in ("torch", "torchvision", "timm", "pillow")},
            },
        }

    def run(self, paths: Iterable[Path]) -> Iterator[Features]:
        """Take the features of files, in order, reading ahead only as far as keeps the device busy."""
        with lanes(self._device) as (computing, width), decoders(self._device) as decoding:
            # An image is a job: on a GPU as many at once as fill a batch with their crops.
            together = max(1, self._batch_size // (self._crops or 1)) if self._device.type != "cpu" else 1
            stream = iter(paths)
            groups = iter(lambda: list(islice(stream, together)), [])
            jobs = (
                computing.submit(self._take, group, [decoding.submit(self._load, path) for path in group])
                for group in groups
            )
            for found in in_order(jobs, 2 * width):
                yield from found

    def vectors(self, images: torch.Tensor) -> torch.Tensor:
        """Features (N, D), float32, of uint8 images (N, 3, H, W); gradients flow if they are asked for."""
        activations = self.backbone(images.to(self._device, memory_format=torch.channels_last))
        return torch.cat([self._flat(activation).float() for activation in activations], dim=1)

    def sizes(self) -> dict[str, int]:
        """How many features are each layer's, in their order.

        Raises:
            UsageError: if a layer's activation has no channels to pool
        """
        size = self.backbone.info.size
        image = torch.zeros(1, 3, size, size, dtype=torch.uint8)
        with torch.inference_mode():
            activations = self.backbone(image.to(self._device))
        return {
            layer: self._flat(activation).shape[1]
            for layer, activation in zip(self.backbone.layers, activations, strict=True)
        }

    def _load(self, path: Path) -> torch.Tensor | ImageError:
        """The crops of an image, uint8 (K, 3, h, w), or why it cannot be used."""
        size = self.backbone.info.size
        try:
            content = path.read_bytes()
        except OSError as error:
            reason = "no such file" if isinstance(error, FileNotFoundError) else f"not readable ({error.strerror})"
            return ImageError(path, reason)
        try:
            pixels = decode(content, name=str(path), max_pixels=MAX_PIXELS).pixels
        except ImageError as error:
            return error
        if self._crops is None:
            return torch.from_numpy(mirrored(pixels, size).copy()).permute(2, 0, 1)[None]
        return random_crops(pixels, size, self._crops, crop_key(content, self._seed))

    def _take(self, paths: Sequence[Path], loaded: Sequence[Future[torch.Tensor | ImageError]]) -> list[Features]:
        images = [future.result() for future in loaded]
        usable = [image for image in images if not isinstance(image, ImageError)]
        with torch.inference_mode():
            if self._crops is None:
                found = [self.vectors(image).cpu() for image in usable]
            elif usable:
                batches = torch.split(torch.cat(usable), self._batch_size)
                found = list(torch.split(torch.cat([self.vectors(batch).cpu() for batch in batches]), self._crops))
            else:
                found = []
        vectors = iter(found)
        return [
            Features(path, None, str(image))
            if isinstance(image, ImageError)
            else Features(path, next(vectors).numpy())
            for path, image in zip(paths, images, strict=True)
        ]

    def _flat(self, activation: torch.Tensor) -> torch.Tensor:
        """(N, D) of an activation; of a fully connected layer there is nothing to pool."""
        if self._pool is None or activation.ndim == 2:
            return activation.flatten(1)
        if activation.ndim != 4:
            raise UsageError(
                f"{self.backbone.info.title}: an activation of shape {tuple(activation.shape[1:])} has no channels "
                f"that {self._pool_name} could be taken of; take it raw"
            )
        return self._pool(activation)


def crop_key(content: bytes, seed: int) -> bytes:
    """What decides the places of an image's crops: its file's content, so that name, order and machine do not."""
    return hashlib.sha256(content).digest() + seed.to_bytes(8, "little", signed=True)
