"""NLPD: normalised Laplacian pyramid distance.

V. Laparra, J. Ballé, A. Berardino, E. P. Simoncelli, "Perceptual image quality assessment using a normalized
Laplacian pyramid", Human Vision and Electronic Imaging 2016. Borders as in the authors' MATLAB code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
import torch.nn.functional as F

from ...images import NATIVE, image_policy
from ..base import Comparison, Features, FullReferenceMetric
from ..color import grey_levels
from ..registry import metric_info

#: The binomial-like filter of the pyramid (Burt and Adelson 1983, a = 0.4).
BLUR: Final = (0.05, 0.25, 0.4, 0.25, 0.05)

#: By scale, finest first: the constant of the normalisation, and the weights of the amplitudes around a coefficient,
#: by (down, right). The authors fitted them to photographs (section 2.2).
SCALES: Final[tuple[tuple[float, dict[tuple[int, int], float]], ...]] = (
    (0.0248, {(-1, 0): 0.1015, (0, -2): 0.0072, (0, -1): 0.1460, (0, 1): 0.1493, (1, 0): 0.1011}),
    (0.0185, {(-1, 0): 0.0837, (0, -1): 0.1846, (0, 1): 0.1986, (1, 0): 0.0757}),
    (0.0179, {(-1, 0): 0.0467, (0, -1): 0.2243, (0, 1): 0.2138, (1, 0): 0.0477}),
    (0.0191, {(0, -1): 0.2616, (0, 1): 0.2503}),
    (0.0220, {(0, -1): 0.2552, (0, 1): 0.2598}),
    (0.2782, {(0, -1): 0.0717, (0, 1): 0.2215}),
)
#: How far around a coefficient those weights reach.
REACH: Final = 2


class NLPD(FullReferenceMetric):
    """Root mean squared difference of the pyramids' normalised coefficients, averaged over six scales (eq. 5).

    Args:
        device: where to compute; images come there
        policy: name of the image policy
    """

    info = metric_info("nlpd")
    min_side = 32

    def __init__(self, *, device: torch.device, policy: str = NATIVE.name) -> None:
        self.policy = image_policy(policy)

    def prepare(self, images: torch.Tensor) -> Features:
        """Normalised coefficients of the six scales, float64."""
        x = grey_levels(images).double() / 255
        return tuple(
            _normalised(band, sigma, weights)
            for band, (sigma, weights) in zip(laplacian_pyramid(x, len(SCALES)), SCALES, strict=True)
        )

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Scores."""
        bands = zip(map(torch.cat, zip(*references, strict=True)), self.prepare(distorted), strict=True)
        return Comparison(torch.stack([(a - b).square().mean((1, 2, 3)).sqrt() for a, b in bands]).mean(0))

    def describe(self) -> dict[str, Any]:
        """The implementation and its constants, for run records."""
        return {"implementation": "grey levels; six scales, borders and parameters of the authors' MATLAB code"}


def laplacian_pyramid(images: torch.Tensor, scales: int) -> list[torch.Tensor]:
    """Differences between an image and its blurred self at half the size, finest first, and what remains.

    Args:
        images: shape (N, 1, H, W)
        scales: number of bands
    """
    bands = []
    for _ in range(scales - 1):
        smaller = _blurred(_mirrored(images))[..., ::2, ::2]
        bands.append(images - _enlarged(smaller, images.shape[-2:]))
        images = smaller
    return [*bands, images]


def _normalised(band: torch.Tensor, sigma: float, weights: dict[tuple[int, int], float]) -> torch.Tensor:
    height, width = band.shape[-2:]
    around = F.pad(band.abs(), (REACH,) * 4)
    amplitude = sum(
        weight * around[..., REACH + down : REACH + down + height, REACH + right : REACH + right + width]
        for (down, right), weight in weights.items()
    )
    return band / (sigma + amplitude)


def _mirrored(images: torch.Tensor) -> torch.Tensor:
    """Two pixels more on each side, mirrored with their edges."""
    for axis in (-2, -1):
        before = images.narrow(axis, 0, 2).flip(axis)
        after = images.narrow(axis, images.shape[axis] - 2, 2).flip(axis)
        images = torch.cat([before, images, after], axis)
    return images


def _enlarged(images: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Twice the size, cut to ``size``: zeros in between, then blurred."""
    padded = F.pad(images, (1,) * 4, mode="replicate")
    spread = padded.new_zeros(*padded.shape[:2], *(2 * side for side in padded.shape[-2:]))
    spread[..., ::2, ::2] = 4 * padded
    height, width = size
    return _blurred(spread)[..., :height, :width]


def _blurred(images: torch.Tensor) -> torch.Tensor:
    """Where the filter fits: two pixels less on each side."""
    kernel = images.new_tensor(BLUR)
    return F.conv2d(F.conv2d(images, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
