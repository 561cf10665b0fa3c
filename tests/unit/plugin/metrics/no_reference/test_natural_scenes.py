"""The no-reference metrics' statistics against scipy, Pillow and plain loops."""

import numpy as np
import pytest
import torch
from deepmse.plugin.metrics import create
from deepmse.plugin.metrics.color import grey_levels
from deepmse.plugin.metrics.no_reference import brisque, niqe
from deepmse.plugin.metrics.no_reference.natural_scenes import (
    halved,
    neighbour_products,
    normalised,
    shape_of_asymmetric,
    shape_of_symmetric,
)
from PIL import Image
from scipy.ndimage import correlate
from scipy.special import gamma
from scipy.stats import gennorm, spearmanr

from .....conftest import photo_like

Array = np.ndarray


def levels(seed: int = 0, width: int = 97, height: int = 83) -> Array:
    return grey_levels(tensor(photo_like(seed, width, height)))[0, 0].double().numpy()


def tensor(image: Array) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None]


def naive_normalised(image: Array, mode: str) -> Array:
    offset = np.arange(-3, 4)
    window = np.exp(-np.add.outer(offset**2, offset**2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    mean = correlate(image, window, mode=mode)
    return (image - mean) / (np.sqrt(np.abs(correlate(image * image, window, mode=mode) - mean**2)) + 1)


@pytest.mark.parametrize(("padding", "mode"), [("constant", "constant"), ("replicate", "nearest")])
def test_local_normalisation(padding, mode):
    image = levels()
    found = normalised(torch.from_numpy(image)[None, None], padding)[0, 0].numpy()
    np.testing.assert_allclose(found, naive_normalised(image, mode), atol=1e-9)


def test_flat_images_have_no_contrast_at_all():
    assert normalised(torch.full((1, 1, 40, 40), 77.0, dtype=torch.float64), "replicate").count_nonzero() == 0


@pytest.mark.parametrize("size", [(80, 60), (81, 61)])
def test_halving_is_antialiased_bicubic(size):
    image = levels(0, *size)
    half = tuple(-(-side // 2) for side in size)
    found = halved(torch.from_numpy(image)[None, None])[0, 0].numpy()
    assert found.shape == half[::-1]
    even = image[: size[1] // 2 * 2, : size[0] // 2 * 2].astype(np.float32)
    pillow = np.asarray(Image.fromarray(even).resize((size[0] // 2, size[1] // 2), Image.Resampling.BICUBIC))
    # Pillow treats borders otherwise.
    np.testing.assert_allclose(found[2:-3, 2:-3], pillow[2 : half[1] - 3, 2 : half[0] - 3], atol=1e-4)


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.0, 4.0])
def test_the_shape_of_a_generalised_gaussian_is_found(shape):
    samples = gennorm(shape, scale=3).rvs(400_000, random_state=0)
    found, variance = shape_of_symmetric(torch.from_numpy(samples))
    assert found.item() == pytest.approx(shape, rel=0.02)
    assert variance.item() == pytest.approx(np.mean(samples**2), rel=1e-12)


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.0])
def test_shape_and_both_sides_of_an_asymmetric_one_are_found(shape):
    rng = np.random.default_rng(0)
    magnitudes = np.abs(gennorm(shape).rvs(400_000, random_state=rng))
    # A side is as likely as its scale is large.
    left = rng.random(len(magnitudes)) < 2 / 5
    samples = np.where(left, -2 * magnitudes, 3 * magnitudes)
    found, low, high = shape_of_asymmetric(torch.from_numpy(samples))
    deviation = np.sqrt(gamma(3 / shape) / gamma(1 / shape))
    assert found.item() == pytest.approx(shape, rel=0.02)
    assert (low.item(), high.item()) == pytest.approx((2 * deviation, 3 * deviation), rel=0.02)


def test_neighbours_wrap_around():
    grid = torch.arange(6.0).reshape(2, 3)
    right, below, diagonal, other = neighbour_products(grid)
    assert right.tolist() == [0 * 2, 1 * 0, 2 * 1, 3 * 5, 4 * 3, 5 * 4]
    assert below.tolist() == [0 * 3, 1 * 4, 2 * 5, 3 * 0, 4 * 1, 5 * 2]
    assert diagonal.tolist() == [0 * 5, 1 * 3, 2 * 4, 3 * 2, 4 * 0, 5 * 1]
    assert other.tolist() == diagonal.tolist()


def test_features_are_counted_as_the_papers_count_them():
    images = torch.from_numpy(levels(0, 300, 210))[None, None]
    assert brisque.features(images).shape == (1, 36)
    patches = niqe.features(images)
    assert patches.shape == (1, 6, 36)
    assert patches.isfinite().all()


def naive_piqe(image: Array) -> float:
    height, width = image.shape
    padded = np.pad(image, ((0, -height % 16), (0, -width % 16)), mode="symmetric")
    contrast = naive_normalised(np.round(255 * padded / padded.max()), "nearest")
    active, total = 0, 0.0
    for top in range(0, len(contrast), 16):
        for left in range(0, contrast.shape[1], 16):
            block = contrast[top : top + 16, left : left + 16]
            variance = block.var(ddof=1)
            if variance <= 0.1:
                continue
            active += 1
            edges = (block[0], block[-1], block[:, 0], block[:, -1])
            if any(edge[start : start + 6].std(ddof=1) < 0.1 for edge in edges for start in range(11)):
                total += 1 - variance
            centre = block[:, 7:9].std(ddof=1)
            # As MATLAB deletes columns 8 and then 9 of what is left.
            surround = np.delete(np.delete(block, 7, 1), 8, 1).std(ddof=1)
            deviation, ratio = np.sqrt(variance), centre / surround
            if deviation > 2 * abs(deviation - ratio) / max(deviation, ratio):
                total += variance
    return 100 * (total + 1) / (active + 1)


@pytest.mark.parametrize(("width", "height"), [(96, 80), (101, 75)])
def test_piqe_agrees_with_plain_loops(width, height):
    metric = create("piqe", device=torch.device("cpu"))
    for seed in range(3):
        photo = photo_like(seed, width, height)
        blocky = np.repeat(np.repeat(photo[::8, ::8], 8, 0), 8, 1)[:height, :width]
        for image in (photo, blocky):
            found = metric.assess(tensor(image)).scores.item()
            assert found == pytest.approx(naive_piqe(grey_levels(tensor(image))[0, 0].double().numpy()), rel=1e-9)


def test_more_noise_is_worse_for_piqe():
    metric = create("piqe", device=torch.device("cpu"))
    photo = np.asarray(Image.fromarray(photo_like(0, 24, 20)).resize((192, 160), Image.Resampling.BICUBIC))
    found = []
    for sigma in (0, 5, 15, 40):
        noise = np.random.default_rng(1).normal(0, sigma, photo.shape)
        found.append(metric.assess(tensor(np.clip(photo + noise, 0, 255).astype(np.uint8))).scores.item())
    assert spearmanr(found[1:], [5, 15, 40]).statistic == 1
