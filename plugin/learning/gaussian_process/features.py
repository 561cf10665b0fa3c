"""What the no-reference model looks at: EfficientNet-Lite0's activations, pooled over the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...images import DECODING
from ...images.sizes import between
from ...networks import efficientnet_lite
from ...networks.pooling import pooling
from ...weights import Weights
from ..kept import KeptFeatures
from . import statistics

#: The network's blocks by the size and kind of what they find, from edges to objects.
STAGES: Final = (
    ("stem", "block0"),
    ("block1", "block2"),
    ("block3", "block4"),
    ("block5", "block6", "block7"),
    ("block8", "block9", "block10"),
    ("block11", "block12", "block13", "block14"),
    ("block15", "head"),
)

#: What the blocks of each stage project their outputs from.
DEPTHWISE_STAGES: Final = tuple(
    tuple(f"{tap}.depthwise" for tap in stage if tap.startswith("block")) for stage in STAGES
)

#: Named as a tap, the statistics of the pixels.
PIXELS: Final = "pixels"

#: Images are judged as they are, but enlarged until their shorter side has ``SHORTEST`` pixels and reduced until
#: their longer one has no more than ``LONGEST``.
SHORTEST: Final = 224
LONGEST: Final = 1024


class FeatureNetwork:
    """Takes pooled activations of images.

    Args:
        taps: names of activations, see :mod:`~deepmse.plugin.networks.efficientnet_lite`, or :data:`PIXELS`, in the
            features' order
        pool: how each is pooled
        device: where to compute
        weights: the network's; None to search (see :mod:`...weights.search`)
        dtype: what its layers compute in; features are pooled in float32

    Raises:
        UsageError: if the pooling does not exist
        WeightsError: if no fitting weights are found
    """

    def __init__(
        self,
        taps: Sequence[str],
        pool: str,
        device: torch.device | str = "cpu",
        weights: str | Path | Weights | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.taps = tuple(taps)
        self.pool = pool
        self._pool = pooling(pool)
        network, self.weights = efficientnet_lite.build(weights)
        self.network = network.to(device, dtype)
        self._device = torch.device(device)
        self._kept: KeptFeatures | None = None

    def keep(self) -> None:
        """Keep the features of what is looked at from now on, and take those that were kept before."""
        network = {
            "weights": self.weights.sha256,
            "pool": self.pool,
            "device": self._device.type,
            "torch": torch.__version__,
        }
        self._kept = KeptFeatures(network, self.sizes())

    @property
    def reused(self) -> int:
        """Pictures whose features were kept before."""
        return 0 if self._kept is None else self._kept.found

    def __call__(self, images: torch.Tensor) -> NDArray[np.float32]:
        """Features, (N, D), of uint8 images (N, 3, H, W)."""
        if self._kept is None:
            return self._compute(images)
        keys = [self._kept.key(image) for image in images.cpu().numpy()]
        found = [self._kept.get(key) for key in keys]
        missing = [index for index, each in enumerate(found) if each is None]
        if missing:
            for index, features in zip(missing, self._compute(images[missing]), strict=True):
                self._kept.put(keys[index], features)
                found[index] = features
        return np.stack([each for each in found if each is not None])

    def _compute(self, images: torch.Tensor) -> NDArray[np.float32]:
        # One at a time, an image has the same features to the last bit in any batch, and a CPU is as fast.
        parts = torch.split(images, 1 if self._device.type == "cpu" else len(images))
        return np.concatenate([self._of(part) for part in parts])

    def describe(self) -> dict[str, Any]:
        """Everything besides the images that decides the features, and how many are each tap's; JSON-able."""
        return {
            "network": self.weights.describe(),
            "sizes": self.sizes(),
            "pool": self.pool,
            "decoding": DECODING,
        }

    def sizes(self) -> dict[str, int]:
        """How many features are each tap's, in their order."""
        found = self._pooled(torch.zeros(1, 3, SHORTEST, SHORTEST, dtype=torch.uint8))
        return {tap: found[tap].shape[1] for tap in self.taps}

    def _of(self, images: torch.Tensor) -> NDArray[np.float32]:
        found = self._pooled(at_working_size(images))
        return torch.cat([found[tap] for tap in self.taps], dim=1).cpu().numpy()

    def _pooled(self, images: torch.Tensor) -> Mapping[str, torch.Tensor]:
        wanted = set(self.taps)
        found: dict[str, torch.Tensor] = {}
        with torch.inference_mode():
            if PIXELS in wanted:
                found[PIXELS] = statistics.pixel_statistics(images.to(self._device))
            for tap, activation in self.network(images.to(self._device)):
                if tap in wanted:
                    found[tap] = self._pool(activation.float())
                if len(found) == len(wanted):
                    break
        return found


def at_working_size(images: torch.Tensor) -> torch.Tensor:
    """Bring images to a size that the model looks at, keeping their shape.

    Args:
        images: uint8, shape (N, 3, H, W)
    """
    return between(images, SHORTEST, LONGEST)


def columns(sizes: Mapping[str, int], taps: Sequence[str]) -> NDArray[np.intp]:
    """Where taps' features are among all, in the taps' order.

    Args:
        sizes: how many features each tap has, in the features' order
        taps: the wanted ones
    """
    starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]), strict=False))
    return np.concatenate([np.arange(starts[tap], starts[tap] + sizes[tap]) for tap in taps])
