"""Where DeepMSE's stages see that two images differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..images import decode_scorable
from ..images.tensors import to_tensor
from ..metrics.full_reference.deepmse import DeepMSE


@dataclass(frozen=True)
class StageMap:
    """What one stage sees.

    Attributes:
        name: of the stage
        value: mean squared error over the map (eq. 1)
        levels: where it lies, shape (h, w), uint8: 255 where this stage sees most
    """

    name: str
    value: float
    levels: NDArray[np.uint8]


def stage_maps(reference: str | Path, distorted: str | Path) -> list[StageMap]:
    """DeepMSE's five stages on a pair of images, on the CPU.

    Args:
        reference: path of the reference
        distorted: path of the distorted image

    Raises:
        ImageError: an image cannot be read
        WeightsError: the weights cannot be had
    """
    model = _model()
    images = [to_tensor(decode_scorable(path), model.policy)[None] for path in (reference, distorted)]
    with torch.inference_mode():
        maps = [stage[0].double().numpy() for stage in model.maps(*images)]
    return [
        StageMap(name, float(stage.mean()), (255 * stage / (stage.max() or 1.0)).round().astype(np.uint8))
        for name, stage in zip(model.preset.stages, maps, strict=True)
    ]


@lru_cache(maxsize=1)
def _model() -> DeepMSE:
    return DeepMSE().eval()
