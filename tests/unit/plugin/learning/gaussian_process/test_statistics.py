"""Statistics of the pixels against the same written out in double precision, and what they tell."""

import math

import numpy as np
import pytest
import torch
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS
from deepmse.plugin.learning.gaussian_process.statistics import COUNT, pixel_statistics
from scipy import ndimage

from .....conftest import photo_like


def as_tensor(pixels) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None]


def naive(rgb: np.ndarray) -> list[float]:
    """One image, (H, W, 3), channel by channel and pixel by pixel in double precision."""
    r, g, b = np.moveaxis(rgb.astype(np.float64), -1, 0)
    channels = [0.299 * r + 0.587 * g + 0.114 * b, (r - g) / 2, (r + g) / 4 - b / 2]
    found = either_way(naive_blockiness(channels[0]), naive_blockiness(channels[0].T))
    values = rgb.ravel()
    counts = [np.mean(values == code) for code in range(256)]
    found += [math.log(share + 1e-3) for share in (np.mean(values <= 2), np.mean(values >= 253), max(counts))]
    ordered = np.sort(channels[0][::5, ::5].ravel())
    found += [ordered[round(share * (len(ordered) - 1))] / 255 for share in (0.01, 0.1, 0.5, 0.9, 0.99)]
    found += [channel.mean() / 255 for channel in channels]
    found += [math.log(channel.std() + 1) for channel in channels]
    for count in (1, 3, 3):
        for channel in channels[:count]:
            found += naive_coefficients(channel)
        height, width = (side // 2 * 2 for side in channels[0].shape)
        channels = [
            channel[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)) for channel in channels
        ]
    return found


def naive_blockiness(luma: np.ndarray) -> list[float]:
    steps = [np.abs(luma[:, x + 1] - luma[:, x]).mean() for x in range((luma.shape[1] - 1) // 8 * 8)]
    by_phase = [math.log(np.mean(steps[phase::8]) + 0.05) for phase in range(8)]
    middle = sorted(by_phase)[3]
    return [
        max(by_phase) - middle,
        min(by_phase) - middle,
        float(np.mean(np.abs(np.diff(luma, axis=1)) < 0.5)),
    ]


def either_way(one: list[float], other: list[float]) -> list[float]:
    pairs = list(zip(one, other, strict=True))
    return [(a + b) / 2 for a, b in pairs] + [abs(a - b) for a, b in pairs]


def naive_coefficients(channel: np.ndarray) -> list[float]:
    def blurred(values):
        return ndimage.gaussian_filter(values, 7 / 6, radius=3, mode="nearest")

    mean = blurred(channel)
    deviation = np.sqrt(np.maximum(blurred(channel**2) - mean**2, 0))
    mscn = (channel - mean) / (deviation + 1)
    variance = np.mean(mscn**2)
    found = [
        math.log(variance + 1e-4),
        math.log(np.abs(mscn).mean() + 1e-2),
        np.mean(mscn**3),
        math.log(np.mean(mscn**4) / (variance**2 + 1e-4) + 1),
    ]

    def products(one, other):
        return [np.mean(one * other), math.log(np.mean(np.abs(one * other)) + 1e-3)]

    found += either_way(products(mscn[:, :-1], mscn[:, 1:]), products(mscn[:-1], mscn[1:]))
    found += either_way(products(mscn[:-1, :-1], mscn[1:, 1:]), products(mscn[:-1, 1:], mscn[1:, :-1]))
    residual = ndimage.correlate(channel, np.outer([1, -2, 1], [1, -2, 1]))[1:-1, 1:-1]
    for values, shares in (
        (deviation, (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)),
        (np.abs(residual), (0.1, 0.25, 0.5, 0.75, 0.9)),
    ):
        ordered = np.sort(values[::5, ::5].ravel())
        found += [math.log(ordered[round(share * (len(ordered) - 1))] + 0.1) for share in shares]
    return found


@pytest.mark.parametrize("size", [(96, 120), (73, 45), (64, 200)])
def test_statistics_are_those_of_the_formulas_in_double_precision(size):
    rgb = np.array(photo_like(3, *size))
    found = pixel_statistics(as_tensor(rgb))
    assert found.shape == (1, COUNT)
    np.testing.assert_allclose(found[0], naive(rgb), rtol=2e-3, atol=2e-3)


def test_each_image_has_its_own_statistics_in_any_batch():
    images = torch.cat([as_tensor(photo_like(seed, 80, 64)) for seed in range(3)])
    alone = torch.cat([pixel_statistics(image[None]) for image in images])
    assert torch.equal(pixel_statistics(images), alone)


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("size", [(1, 1), (8, 300), (64, 64)])
def test_flat_and_small_images_have_finite_statistics(value, size):
    assert pixel_statistics(torch.full((1, 3, *size), value, dtype=torch.uint8)).isfinite().all()


def test_compression_shows_wherever_the_picture_is_cut():
    rgb = np.array(photo_like(0, 128, 128))
    coded = DISTORTIONS["jpeg"](rgb, 5, np.random.default_rng(0))
    clean, whole, cut = (pixel_statistics(as_tensor(pixels))[0, 0] for pixels in (rgb, coded, coded[3:, 5:]))
    assert whole > clean + 0.3
    assert abs(cut - whole) < 0.15


@pytest.mark.parametrize(
    "turn", [lambda rgb: rgb[:, ::-1], lambda rgb: rgb[::-1], lambda rgb: rgb.transpose(1, 0, 2)]
)
def test_a_picture_that_is_mirrored_or_turned_has_the_same_statistics(turn):
    rgb = np.array(photo_like(4, 160, 240))
    found, turned = (pixel_statistics(as_tensor(np.ascontiguousarray(pixels)))[0] for pixels in (rgb, turn(rgb)))
    # Percentiles are of a part of the pixels, other ones then: the last twelve of a channel, five of luma.
    moments = np.ones(COUNT, bool)
    moments[9:14] = False
    moments[20:].reshape(-1, 24)[:, 12:] = False
    np.testing.assert_allclose(turned[moments], found[moments], atol=5e-3)


def test_noise_raises_the_residual_and_blur_lowers_it():
    rgb = np.array(photo_like(1, 128, 128))

    def residual(pixels):
        """Percentiles for luma at full size: the last of the 24 statistics after the 20 of the whole picture."""
        return pixel_statistics(as_tensor(pixels))[0, 39:44]

    noisy, blurred = (
        residual(DISTORTIONS[kind](rgb, 4, np.random.default_rng(0))) for kind in ("white_noise", "gaussian_blur")
    )
    assert (noisy > residual(rgb) + 0.3).all()
    assert (blurred[2:] < residual(rgb)[2:] - 0.3).all()
