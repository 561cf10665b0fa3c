"""PIQE: perception-based image quality evaluator.

N. Venkatanath, D. Praneeth, M. C. Bh, S. S. Channappayya, S. S. Medasani, "Blind image quality evaluation using
perception based features", NCC 2015. Thresholds and borders as in MATLAB's ``piqe``.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from ...images import NATIVE, image_policy
from ..base import Assessment, NoReferenceMetric
from ..color import grey_levels
from ..registry import metric_info
from .natural_scenes import normalised

BLOCK: Final = 16
#: Length of the segments of a block's edges.
SEGMENT: Final = 6
#: A block counts if its variance is above this,
ACTIVE: Final = 0.1
#: and is distorted if a segment's standard deviation is below this.
IMPAIRED: Final = 0.1


class PIQE(NoReferenceMetric):
    """Distortion of the blocks that draw attention, 0 to 100 (eq. 12).

    Args:
        device: where to compute; images come there
        policy: name of the image policy
    """

    info = metric_info("piqe")
    min_side = 32

    def __init__(self, *, device: torch.device, policy: str = NATIVE.name) -> None:
        self.policy = image_policy(policy)

    def assess(self, images: torch.Tensor) -> Assessment:
        """Scores."""
        blocks = _blocks(images)
        variance = blocks.var((-2, -1))
        active = variance > ACTIVE
        distortion = _is_impaired(blocks) * (1 - variance) + _is_noisy(blocks, variance.sqrt()) * variance
        return Assessment(100 * ((distortion * active).sum(1) + 1) / (active.sum(1) + 1))

    def describe(self) -> dict[str, Any]:
        """The implementation and its constants, for run records."""
        return {"implementation": "grey levels; blocks of 16×16, segments of 6, thresholds of MATLAB's piqe"}


def _blocks(images: torch.Tensor) -> torch.Tensor:
    """Blocks of the normalised image, mirrored to whole blocks, shape (N, blocks, 16, 16)."""
    x = grey_levels(images).double()
    for axis in (-2, -1):
        missing = -x.shape[axis] % BLOCK
        x = torch.cat([x, x.narrow(axis, x.shape[axis] - missing, missing).flip(axis)], axis)
    x = (255 * x / x.amax((-2, -1), keepdim=True).clamp(min=1)).round()
    return normalised(x, "replicate")[:, 0].unfold(1, BLOCK, BLOCK).unfold(2, BLOCK, BLOCK).flatten(1, 2)


def _is_impaired(blocks: torch.Tensor) -> torch.Tensor:
    """Whether a piece of a block's edge has no contrast, as compression leaves it (eq. 5-7)."""
    edges = torch.stack([blocks[..., 0, :], blocks[..., -1, :], blocks[..., 0], blocks[..., -1]], dim=-2)
    deviations = edges.unfold(-1, SEGMENT, 1).std(-1)
    return (deviations < IMPAIRED).any(-1).any(-1)


def _is_noisy(blocks: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Whether a block varies as much in its middle columns as around them (eq. 8, 9)."""
    centre = blocks[..., [7, 8]]
    # MATLAB's code removes column 7 and then column 8 of what is left.
    surround = blocks[..., [column for column in range(BLOCK) if column not in (7, 9)]]
    ratio = (centre.std((-2, -1)) / surround.std((-2, -1))).nan_to_num(nan=0.0, posinf=torch.inf)
    beta = (deviation - ratio).abs() / torch.maximum(deviation, ratio)
    return deviation > 2 * beta
