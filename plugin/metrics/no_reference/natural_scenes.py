"""Statistics of natural scenes: what BRISQUE, NIQE and PIQE measure on grey images.

Images and maps are float64, shape (N, 1, H, W), grey levels 0 to 255. Arithmetic follows the MATLAB code of BRISQUE's
and NIQE's authors.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import torch
import torch.nn.functional as F

#: Local means and deviations are weighted by a Gaussian of this width, in pixels, and standard deviation.
WINDOW: Final = 7
SIGMA: Final = 7 / 6

#: Each neighbour (down, right) that a pixel is multiplied with.
NEIGHBOURS: Final = ((0, 1), (1, 0), (1, 1), (-1, 1))

#: Differences from the local mean below this, in grey levels, are taken for none.
ROUNDING: Final = 1e-9

#: Shapes of distributions are looked up among these.
SHAPES: Final = torch.arange(200, 10_001, dtype=torch.float64) / 1000


def normalised(images: torch.Tensor, padding: Literal["constant", "replicate"]) -> torch.Tensor:
    """Subtract the local mean and divide by the local standard deviation plus one (Mittal et al. 2012, eq. 1-3).

    Args:
        images: grey images
        padding: what lies around them: zeros ("constant") or their edges ("replicate")
    """
    mean = _smooth(images, padding)
    deviation = (_smooth(images.square(), padding) - mean.square()).abs().sqrt()
    difference = images - mean
    # Where an image is flat, what is left of it is rounding, which is another on every device.
    difference = torch.where(difference.abs() < ROUNDING, 0, difference)
    return difference / (deviation + 1)


def halved(images: torch.Tensor) -> torch.Tensor:
    """Half the width and height, rounded up, as MATLAB's ``imresize(images, 0.5)``: antialiased bicubic."""
    distance = (torch.arange(8, dtype=images.dtype, device=images.device) - 3.5).abs() / 2
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    taps = torch.where(distance <= 1, near, far)
    taps /= taps.sum()
    for axis in (-2, -1):
        images = torch.movedim(images, axis, -1)
        before, after = images[..., :3].flip(-1), images[..., -4:].flip(-1)
        columns = torch.cat([before, images, after], -1).unfold(-1, 8, 2)
        images = torch.movedim((columns * taps).sum(-1), -1, axis)
    return images


def shape_of_symmetric(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fit generalised Gaussians by moments (Mittal et al. 2012, eq. 4-6).

    Args:
        samples: shape (..., M)

    Returns:
        shapes and variances, each of shape (...)
    """
    variance = samples.square().mean(-1)
    ratio = variance / samples.abs().mean(-1).square()
    return _nearest(1 / _moment_ratio(), ratio), variance


def shape_of_asymmetric(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Fit asymmetric generalised Gaussians by moments (Mittal et al. 2012, eq. 8-13).

    Args:
        samples: shape (..., M)

    Returns:
        shapes, and standard deviations left and right of zero, each of shape (...); those of a side without samples
        are not a number
    """
    left, right = (
        (side.square().sum(-1) / (side > 0).sum(-1)).sqrt()
        for side in ((-samples).clamp(min=0), samples.clamp(min=0))
    )
    skew = left / right
    ratio = samples.abs().mean(-1).square() / samples.square().mean(-1)
    ratio = ratio * (skew**3 + 1) * (skew + 1) / (skew.square() + 1).square()
    return _nearest(_moment_ratio(), ratio), left, right


def gamma_ratio(numerator: torch.Tensor, denominator: torch.Tensor) -> torch.Tensor:
    """Γ(numerator) / Γ(denominator)."""
    return (torch.lgamma(numerator) - torch.lgamma(denominator)).exp()


def neighbour_products(maps: torch.Tensor) -> list[torch.Tensor]:
    """Each map times itself shifted to each of :data:`NEIGHBOURS`, around its edges; shapes (..., H * W)."""
    return [(maps * maps.roll(shift, (-2, -1))).flatten(-2) for shift in NEIGHBOURS]


def _smooth(images: torch.Tensor, padding: str) -> torch.Tensor:
    reach = WINDOW // 2
    offset = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    kernel = (-offset.square() / (2 * SIGMA**2)).exp()
    kernel /= kernel.sum()
    padded = F.pad(images, (reach,) * 4, mode=padding)
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))


def _moment_ratio() -> torch.Tensor:
    """Γ(2/α)² / (Γ(1/α) Γ(3/α)) of each of :data:`SHAPES`, growing."""
    log = torch.lgamma
    return (2 * log(2 / SHAPES) - log(1 / SHAPES) - log(3 / SHAPES)).exp()


def _nearest(table: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The shape whose entry in a monotonic table is nearest to each value; the first for what is not a number."""
    table, shapes = table.to(values.device), SHAPES.to(values.device)
    if table[0] > table[-1]:
        table, shapes = table.flip(0), shapes.flip(0)
    above = torch.searchsorted(table, values.nan_to_num(nan=math.inf)).clamp(1, len(table) - 1)
    below = above - 1
    nearest = shapes[torch.where(values - table[below] <= table[above] - values, below, above)]
    return torch.where(values.isnan(), SHAPES[0].to(values.device), nearest)
