"""What a classification network keeps little of: statistics of the pixels that noise, blur and coding change.

Mean-subtracted contrast-normalised (MSCN) coefficients and the products of neighbours are those of A. Mittal,
A. K. Moorthy, A. C. Bovik, "No-Reference Image Quality Assessment in the Spatial Domain", IEEE TIP 21(12), 2012; the
noise residual is that of J. Immerkær, "Fast Noise Variance Estimation", CVIU 64(2), 1996.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F

#: Luma and two opponent colours of R, G and B.
CHANNELS: Final = ((0.299, 0.587, 0.114), (0.5, -0.5, 0.0), (0.25, 0.25, -0.5))

#: A Gaussian window of 7 pixels, and the constant that keeps coefficients of flat parts small.
_BELL: Final = tuple(math.exp(-(shift**2) / (2 * (7 / 6) ** 2)) for shift in range(-3, 4))
WINDOW: Final = tuple(weight / sum(_BELL) for weight in _BELL)
STABILISER: Final = 1.0

#: Percentiles, as shares, of local deviation, of the noise residual and of luma.
DEVIATION_AT: Final = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
RESIDUAL_AT: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
LUMA_AT: Final = (0.01, 0.1, 0.5, 0.9, 0.99)

#: Percentiles are of every fifth pixel each way: a grid of 8 then falls on all its phases alike.
STEP: Final = 5

#: Neighbours, down and to the right, whose coefficients are multiplied; two ways that mirroring or turning swaps.
NEIGHBOURS: Final = (((0, 1), (1, 0)), ((1, 1), (1, -1)))

#: How many channels are looked at in full, and at a half and a quarter of the size: colours are seldom kept in full.
AT_SCALES: Final = (1, 3, 3)

GRID: Final = 8
SHORTEST: Final = 32

_PER_CHANNEL: Final = 4 + 4 * len(NEIGHBOURS) + len(DEVIATION_AT) + len(RESIDUAL_AT)
_OF_THE_WHOLE: Final = 2 * 3 + 3 + len(LUMA_AT) + 2 * len(CHANNELS)

#: How many statistics there are.
COUNT: Final = sum(AT_SCALES) * _PER_CHANNEL + _OF_THE_WHOLE


def pixel_statistics(images: torch.Tensor) -> torch.Tensor:
    """Statistics of each image by itself, (N, ``COUNT``), float32.

    Args:
        images: uint8 RGB, shape (N, 3, H, W); what is smaller than ``SHORTEST`` goes on as its outermost pixels
    """
    return torch.stack([_of_one(image) for image in torch.split(images, 1)])


def _of_one(image: torch.Tensor) -> torch.Tensor:
    rgb = image.float()
    below, right = (max(0, SHORTEST - side) for side in image.shape[-2:])
    if below or right:
        rgb = F.pad(rgb, (0, right, 0, below), mode="replicate")
    channels = torch.stack([_weighted(rgb[0], weights) for weights in CHANNELS])
    found = [_either_way(*map(_blockiness, (channels[0], channels[0].T))), _clipping(rgb), _tones(channels)]
    for scale, count in enumerate(AT_SCALES):
        if scale:
            channels = _halved(channels)
        found.append(_coefficients(channels[:count]))
    return torch.cat(found)


def _coefficients(channels: torch.Tensor) -> torch.Tensor:
    """Of each of K channels, (K, h, w): moments of MSCN coefficients, of neighbours, deviations, residuals."""
    mean, mean_square = _blurred(torch.cat([channels, channels.square()])).chunk(2)
    deviation = (mean_square - mean.square()).clamp_min_(0).sqrt_()
    mscn = (channels - mean) / (deviation + STABILISER)
    square = mscn.square()
    variance = square.mean((1, 2))
    parts = [
        (variance + 1e-4).log(),
        (mscn.abs().mean((1, 2)) + 1e-2).log(),
        (square * mscn).mean((1, 2)),
        (square.square().mean((1, 2)) / (variance.square() + 1e-4) + 1).log(),
    ]
    for pair in NEIGHBOURS:
        parts += _either_way(*(_products(mscn, down, across) for down, across in pair))
    parts += _log_percentiles(deviation, DEVIATION_AT)
    curvature = channels[:, :-2] - 2 * channels[:, 1:-1] + channels[:, 2:]
    residual = curvature[..., :-2] - 2 * curvature[..., 1:-1] + curvature[..., 2:]
    parts += _log_percentiles(residual.abs(), RESIDUAL_AT)
    return torch.stack(parts, dim=1).flatten()


def _products(mscn: torch.Tensor, down: int, across: int) -> torch.Tensor:
    """Of the coefficients (K, h, w) of neighbours: mean, and logarithm of the mean size, (2, K)."""
    height, width = mscn.shape[1:]
    left = max(0, -across)
    one = mscn[:, : height - down, left : width - max(0, across)]
    other = mscn[:, down:, left + across : width + across - max(0, across)]
    product = one * other
    return torch.stack([product.mean((1, 2)), (product.abs().mean((1, 2)) + 1e-3).log()])


def _either_way(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """What two ways have in common, then by how much they differ: the same where a picture is mirrored or turned."""
    return torch.cat([(one + other) / 2, (one - other).abs()])


def _weighted(planes: Iterable[torch.Tensor], weights: Sequence[float]) -> torch.Tensor:
    """Sum of weighted planes.

    One product and one sum after the other, each rounded: small differences of large sums are noise in their last
    bits, and so they are the same wherever they are computed.
    """
    pairs = zip(planes, weights, strict=True)
    plane, weight = next(pairs)
    total = plane * weight
    product = torch.empty_like(total)
    for plane, weight in pairs:
        torch.mul(plane, weight, out=product)
        total += product
    return total


def _halved(channels: torch.Tensor) -> torch.Tensor:
    """Means of two by two pixels, (K, h, w) to (K, h // 2, w // 2)."""
    height, width = (side // 2 * 2 for side in channels.shape[1:])
    corners = (channels[:, down:height:2, across:width:2] for down in range(2) for across in range(2))
    return _weighted(corners, [0.25] * 4)


def _blurred(planes: torch.Tensor) -> torch.Tensor:
    """By the window, beyond the border the outermost pixels: (P, h, w) to the same."""
    # Sums of shifted planes: a convolution of few channels takes a dozen times as long on a CPU.
    reach, (height, width) = len(WINDOW) // 2, planes.shape[-2:]
    padded = F.pad(planes[None], (reach,) * 4, mode="replicate")[0]
    down = _weighted((padded[:, shift : shift + height] for shift in range(len(WINDOW))), WINDOW)
    return _weighted((down[..., shift : shift + width] for shift in range(len(WINDOW))), WINDOW)


def _log_percentiles(values: torch.Tensor, shares: tuple[float, ...]) -> list[torch.Tensor]:
    """Logarithms of percentiles of every so many values, each (K,), of values (K, h, w)."""
    ordered = _sorted(values[:, ::STEP, ::STEP].flatten(1))
    last = ordered.shape[1] - 1
    return [(ordered[:, round(share * last)] + 0.1).log() for share in shares]


def _sorted(values: torch.Tensor) -> torch.Tensor:
    """Rising along the last dimension."""
    # NumPy's sort is some thirty times as fast on the CPU, where PyTorch's also carries the places.
    return torch.from_numpy(np.sort(values.numpy())) if values.device.type == "cpu" else values.sort().values


def _blockiness(luma: torch.Tensor) -> torch.Tensor:
    """How the steps between columns, (h, w), stand out at one phase of a grid of ``GRID`` pixels.

    The phase with the largest steps and that with the smallest, against the median; and the share of no steps.
    """
    steps = (luma[:, 1:] - luma[:, :-1]).abs()
    whole = steps[:, : steps.shape[1] // GRID * GRID]
    means = (whole.mean(0).view(-1, GRID).mean(0) + 0.05).log()
    middle = means.median()
    return torch.stack([means.max() - middle, means.min() - middle, (steps < 0.5).float().mean()])


def _clipping(rgb: torch.Tensor) -> torch.Tensor:
    """Logarithms of the share of black and of white values, and the share of the commonest value."""
    shares = torch.bincount(rgb.to(torch.uint8).flatten(), minlength=256) / rgb.numel()
    ends = torch.stack([shares[:3].sum(), shares[-3:].sum()])
    return torch.cat([(ends + 1e-3).log(), (shares.max() + 1e-3).log()[None]])


def _tones(channels: torch.Tensor) -> torch.Tensor:
    """Percentiles of luma as shares of white, its mean and deviation; means and deviations of colours."""
    luma = _sorted(channels[0, ::STEP, ::STEP].flatten())
    last = len(luma) - 1
    percentiles = torch.stack([luma[round(share * last)] for share in LUMA_AT]) / 255
    means = channels.mean((1, 2))
    deviations = (channels - means[:, None, None]).square().mean((1, 2)).sqrt()
    return torch.cat([percentiles, means / 255, (deviations + 1).log()])
