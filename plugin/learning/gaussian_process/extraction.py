"""Features of training images for the no-reference model: a stream of files in, a stream of vectors out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ImageError
from ...images import NATIVE, decode
from ...images.tensors import to_tensor
from ...threads import in_order, lanes
from .features import FeatureNetwork

Views = NDArray[np.float32]


def views(
    paths: Iterable[Path], network: FeatureNetwork, device: torch.device, *, mirrored: bool = True
) -> Iterator[Views | ImageError]:
    """Features of each image, and of its mirror image, (1 or 2, D), in order, or why there are none.

    Args:
        paths: image files
        network: on that device
        device: where to compute
        mirrored: whether to take those of the mirror image too
    """

    def take(path: Path) -> Views | ImageError:
        try:
            image = to_tensor(decode(path), NATIVE)[None]
        except ImageError as error:
            return error
        return np.concatenate([network(each) for each in ((image, image.flip(-1)) if mirrored else (image,))])

    with lanes(device) as (computing, width):
        yield from in_order((computing.submit(take, path) for path in paths), 2 * width)
