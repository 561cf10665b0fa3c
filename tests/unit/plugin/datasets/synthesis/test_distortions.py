"""Each distortion: shape, severity by level, and what it is said to do, by closed forms and naive references."""

import colorsys
from importlib.util import find_spec
from io import BytesIO
from itertools import combinations, pairwise, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS, LEVELS, compression
from deepmse.plugin.datasets.synthesis.distortions.colour_spaces import lab_to_rgb, rgb_to_lab
from deepmse.plugin.datasets.synthesis.distortions.pixels import to_pixels
from deepmse.plugin.errors import UsageError
from PIL import Image
from scipy import ndimage

from .... import layouts

RANDOM = {
    "motion_blur",
    "color_shift",
    "white_noise",
    "white_noise_color_component",
    "impulse_noise",
    "multiplicative_noise",
    "denoise",
    "jitter",
    "non_eccentricity_patch",
    "color_block",
}


def distort(name, rgb, level, seed=0):
    return DISTORTIONS[name](rgb, level, np.random.default_rng([seed, level]))


def by_level(name):
    """Parameters of a test: each level with its strength."""
    return pytest.mark.parametrize(("level", "strength"), list(zip(LEVELS, DISTORTIONS[name].strengths, strict=True)))


def photograph_like(height=160, width=201, seed=0):
    """Noise with the 1/f spectrum of photographs, in [30, 225], with colour."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1
    planes = [np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) / frequency).real for _ in range(3)]
    rgb = np.stack([planes[0] + 0.3 * plane for plane in planes], axis=-1)
    rgb = (rgb - rgb.min()) / np.ptp(rgb)
    return (30 + 195 * rgb).astype(np.uint8)


def packaged_photograph():
    """A photograph of scikit-image's wheel, 256 × 171."""
    package = find_spec("skimage")
    if package is None:
        pytest.skip("needs the photographs of scikit-image")
    image = Image.open(Path(package.submodule_search_locations[0]) / "data" / "chelsea.png").convert("RGB")
    return np.array(image.resize((256, 171), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module", params=[photograph_like, packaged_photograph])
def photo(request):
    return request.param()


@pytest.fixture(scope="module")
def colours():
    """All kinds of colours, 64 × 64 of them."""
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    rgb[:2] = np.arange(128, dtype=np.uint8).reshape(2, 64, 1) * 2
    return rgb


def grey_ramp():
    return np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(4, axis=0)


def squared_error(a, b):
    return float(np.mean((a.astype(float) - b.astype(float)) ** 2))


# All of them


def test_the_types_are_those_of_kadid10k_in_its_order():
    published = [(title, category) for _, title, category in layouts.types(layouts.KADID)]
    assert [(each.title, each.category) for each in DISTORTIONS.values()] == published
    assert {name for name, distortion in DISTORTIONS.items() if not distortion.monotone} == {
        "mean_shift",
        "contrast_change",
    }


@pytest.mark.parametrize("name", DISTORTIONS)
def test_changes_every_image_but_at_the_neutral_level(name, photo):
    before = photo.copy()
    for level in LEVELS:
        distorted = distort(name, photo, level)
        assert (distorted.shape, distorted.dtype) == (photo.shape, np.uint8)
        assert np.array_equal(distorted, photo) == (level == DISTORTIONS[name].neutral)
    assert np.array_equal(photo, before)


@pytest.mark.parametrize("name", [name for name, distortion in DISTORTIONS.items() if distortion.neutral])
def test_the_neutral_level_changes_no_colour(name, colours):
    assert np.array_equal(distort(name, colours, DISTORTIONS[name].neutral), colours)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_the_generator_decides(name):
    rgb = photograph_like()
    first, second, other = (distort(name, rgb, 4, seed) for seed in (7, 7, 8))
    assert np.array_equal(first, second)
    assert np.array_equal(first, other) == (name not in RANDOM)


@pytest.mark.parametrize("name", [name for name, distortion in DISTORTIONS.items() if distortion.monotone])
def test_error_grows_with_every_level(name, photo):
    seeds = range(12 if name in {"color_shift", "color_block", "non_eccentricity_patch", "motion_blur"} else 1)
    errors = [
        np.mean([squared_error(photo, distort(name, photo, level, seed)) for seed in seeds]) for level in LEVELS
    ]
    assert np.all(np.diff(errors) > 0)


@pytest.mark.parametrize("name", ["mean_shift", "contrast_change"])
def test_the_others_go_from_more_to_less(name):
    rgb = photograph_like()
    measure = np.mean if name == "mean_shift" else np.std
    assert np.all(np.diff([measure(distort(name, rgb, level)) for level in LEVELS]) < 0)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_small_and_flat_images(name):
    for value in (0, 255):
        flat = np.full((32, 33, 3), value, np.uint8)
        assert distort(name, flat, 5).shape == flat.shape


@pytest.mark.parametrize("level", [0, 6, -1])
def test_no_such_level(level):
    with pytest.raises(UsageError, match=f"no distortion level {level}; there are 1 to 5"):
        DISTORTIONS["jpeg"](photograph_like(), level, np.random.default_rng())


# Blur


@by_level("gaussian_blur")
def test_gaussian_blur_spreads_a_point_as_a_gaussian(level, strength):
    size = 61
    point = np.zeros((size, size, 3), np.uint8)
    point[size // 2, size // 2] = 255
    at = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * strength**2))
    kernel = np.outer(at, at) / at.sum() ** 2
    blurred = distort("gaussian_blur", point, level)
    assert blurred == pytest.approx(np.repeat(255 * kernel[..., None], 3, axis=2), abs=0.51)


@pytest.mark.parametrize("name", ["gaussian_blur", "lens_blur", "motion_blur"])
def test_blurs_keep_channels_apart_and_the_sum(name):
    red = np.zeros((64, 64, 3), np.uint8)
    red[20:44, 20:44, 0] = 255
    blurred = distort(name, red, 4)
    assert blurred[..., 1:].max() == 0
    assert float(blurred.sum()) == pytest.approx(float(red.sum()), rel=0.002)


@by_level("lens_blur")
def test_lens_blur_turns_an_edge_into_shares_of_a_disk(level, strength):
    """The share of a disk to the left of a line at u radii from its centre is (arccos(-u) + u sqrt(1 - u²)) / pi."""
    edge = np.zeros((20, 40, 3), np.uint8)
    edge[:, :20] = 255
    u = np.clip((20 - (np.arange(40) + 0.5)) / strength, -1, 1)
    share = (np.arccos(-u) + u * np.sqrt(1 - u**2)) / np.pi
    blurred = distort("lens_blur", edge, level)
    assert blurred == pytest.approx(np.broadcast_to(255 * share[None, :, None], edge.shape), abs=0.75)


@pytest.mark.parametrize(("level", "length"), [(2, 2), (3, 4), (4, 6), (5, 10)])
@pytest.mark.parametrize("upright", [False, True])
def test_motion_blur_draws_a_point_out_to_a_line(level, length, upright):
    point = np.zeros((31, 31, 3), np.uint8)
    point[15, 15] = 250
    straight = SimpleNamespace(integers=lambda low, high: 90 if upright else 0)
    blurred = DISTORTIONS["motion_blur"](point, level, straight)[..., 0]
    line = np.zeros((31, 31))
    # An even number of pixels around a pixel's centre: the outermost two are covered by half.
    line[15, 15 - length // 2 : 16 + length // 2] = 250 / length
    line[15, [15 - length // 2, 15 + length // 2]] /= 2
    assert blurred == pytest.approx(line.T if upright else line, abs=0.51)


# Colour


def test_lab_is_that_of_scikit_image(colours):
    color = pytest.importorskip("skimage.color")
    lab = rgb_to_lab(colours)
    assert lab == pytest.approx(color.rgb2lab(colours), abs=0.02)
    assert np.array_equal(to_pixels(lab_to_rgb(lab)), colours)


@by_level("color_diffusion")
def test_color_diffusion_blurs_and_amplifies_a_and_b(level, strength):
    color = pytest.importorskip("skimage.color")
    rgb = photograph_like()
    lab = color.rgb2lab(rgb)
    for channel in (1, 2):
        lab[..., channel] = strength * ndimage.gaussian_filter(lab[..., channel], 1.5 * strength + 2, mode="nearest")
    expected = 255 * np.clip(color.lab2rgb(lab), 0, 1)
    assert distort("color_diffusion", rgb, level) == pytest.approx(expected, abs=1)


@by_level("color_saturation_2")
def test_color_saturation_2_scales_a_and_b(level, strength, colours):
    color = pytest.importorskip("skimage.color")
    lab = color.rgb2lab(colours)
    lab[..., 1:] *= strength
    # scikit-image cuts off what has a negative Z, where CIE's formula goes on.
    same = (lab[..., 0] + 16) / 116 >= lab[..., 2] / 200
    assert np.mean(same) > 0.5
    expected = 255 * np.clip(color.lab2rgb(np.where(same[..., None], lab, 0)), 0, 1)
    # Its constants have other digits, and that grows with the strength.
    assert distort("color_saturation_2", colours, level)[same] == pytest.approx(expected[same], abs=1 + strength / 2)


@by_level("color_saturation_1")
def test_color_saturation_1_scales_the_saturation_of_hsv(level, strength, colours):
    hsv = [colorsys.rgb_to_hsv(*colour) for colour in colours.reshape(-1, 3) / 255]
    expected = [colorsys.hsv_to_rgb(h, strength * s, v) for h, s, v in hsv]
    expected = 255 * np.clip(np.array(expected).reshape(colours.shape), 0, 1)
    assert distort("color_saturation_1", colours, level) == pytest.approx(expected, abs=0.51)


@by_level("color_shift")
def test_color_shift_moves_green_at_edges(level, strength):
    rgb = np.full((80, 90, 3), 60, np.uint8)
    rgb[:, 45:] = 200
    right = SimpleNamespace(random=lambda count: np.array([0.0, 1.0]))
    shifted = DISTORTIONS["color_shift"](rgb, level, right)
    assert np.array_equal(shifted[..., [0, 2]], rgb[..., [0, 2]])
    changed = np.flatnonzero(np.any(shifted[..., 1] != rgb[..., 1], axis=0))
    assert changed.min() == 45
    assert changed.max() <= 44 + strength
    # Next to the edge, where it is steepest, the old colour has arrived.
    assert np.all(shifted[:, 45, 1] == 60)


@by_level("color_shift")
def test_color_shift_goes_right_and_down_by_its_strength(level, strength):
    rgb = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    inside = np.s_[13:, 13:, 1]
    old, new = rgb[inside].astype(float), distort("color_shift", rgb, level)[inside]

    def possible(down, right):
        shifted = rgb[13 - down : 60 - down, 13 - right : 60 - right, 1]
        return np.all((new >= np.minimum(old, shifted)) & (new <= np.maximum(old, shifted)))

    (down, right), *others = [shift for shift in product(range(14), repeat=2) if possible(*shift)]
    assert not others
    assert np.hypot(down, right) == pytest.approx(strength, abs=0.75)


@by_level("color_quantization")
def test_color_quantization_leaves_so_many_colours(level, strength, photo):
    distorted = distort("color_quantization", photo, level)
    assert strength / 2 < len(np.unique(distorted.reshape(-1, 3), axis=0)) <= strength
    # Dithering keeps the mean of a neighbourhood where a nearest colour does not.
    smooth = [ndimage.uniform_filter(rgb.astype(float), (9, 9, 0)) for rgb in (photo, distorted)]
    assert squared_error(*smooth) < 0.3 * squared_error(photo, distorted)


# Compression


@by_level("jpeg")
def test_jpeg_has_the_published_quality(level, strength):
    rgb = photograph_like()
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=strength)
    assert np.array_equal(distort("jpeg", rgb, level), np.array(Image.open(buffer)))


@by_level("jpeg_2000")
def test_jpeg_2000_has_the_published_ratio(level, strength, monkeypatch):
    rgb = photograph_like(256, 384)
    read = []
    monkeypatch.setattr(compression, "BytesIO", lambda *content: read.extend(content) or BytesIO(*content))
    distorted = distort("jpeg_2000", rgb, level)
    (content,) = read
    assert content.startswith(b"\x00\x00\x00\x0cjP")
    assert rgb.nbytes / len(content) == pytest.approx(strength, rel=0.05)
    plain = BytesIO()
    Image.fromarray(rgb).save(plain, "JPEG2000", irreversible=True, quality_mode="rates", quality_layers=[strength])
    assert squared_error(rgb, distorted) < squared_error(rgb, np.array(Image.open(plain)))


# Noise


def grey(size=300):
    return np.full((size, size, 3), 128, np.uint8)


@by_level("white_noise")
def test_white_noise_has_the_published_variance_in_each_channel(level, strength):
    noise = distort("white_noise", grey(), level).astype(float) - 128
    assert np.cov(noise.reshape(-1, 3).T / 255) == pytest.approx(strength * np.eye(3), rel=0.03, abs=0.02 * strength)
    assert noise.mean(axis=(0, 1)) == pytest.approx([0] * 3, abs=0.3)


@by_level("white_noise_color_component")
def test_white_noise_color_component_is_white_in_ycbcr(level, strength):
    noise = distort("white_noise_color_component", grey(), level).astype(float) - 128
    # The inverse that ITU-R BT.601 gives for 8 bits.
    to_rgb = np.array([[1.164, 0, 1.596], [1.164, -0.392, -0.813], [1.164, 2.017, 0]])
    expected = strength * to_rgb @ to_rgb.T + np.eye(3) / 12 / 255**2  # and the variance of rounding
    assert np.cov(noise.reshape(-1, 3).T / 255) == pytest.approx(expected, rel=0.03, abs=0.06 * strength)


@by_level("impulse_noise")
def test_impulse_noise_blackens_and_whitens_so_many_values(level, strength):
    noisy = distort("impulse_noise", grey(500), level)
    assert set(np.unique(noisy)) == {0, 128, 255}
    for channel in range(3):
        for value in (0, 255):
            expected = 250_000 * strength / 2
            assert np.sum(noisy[..., channel] == value) == pytest.approx(expected, abs=5 * np.sqrt(expected))
    hit = noisy != 128
    assert np.mean(hit[..., 0] & hit[..., 1]) < max(5 * strength**2, 1e-5)


@by_level("multiplicative_noise")
def test_multiplicative_noise_is_uniform_and_in_proportion(level, strength):
    rgb = np.zeros((200, 300, 3), np.uint8)
    rgb[:, 100:200], rgb[:, 200:] = 80, 160
    noise = distort("multiplicative_noise", rgb, level).astype(float) - rgb
    assert np.all(noise[:, :100] == 0)
    for columns, value in ((np.s_[100:200], 80), (np.s_[200:300], 160)):
        variance = (value**2) * strength + 1 / 12
        assert np.var(noise[:, columns]) == pytest.approx(variance, rel=0.03)
        assert np.abs(noise).max() <= 160 * np.sqrt(3 * strength) + 0.5


@by_level("denoise")
def test_denoise_removes_most_of_the_noise(level, strength):
    rgb = ndimage.uniform_filter(photograph_like(), (9, 9, 1))
    noisy = rgb / 255 + np.random.default_rng(0).normal(0, np.sqrt(strength), rgb.shape)
    noise = squared_error(rgb, 255 * np.clip(noisy, 0, 1))
    assert squared_error(rgb, distort("denoise", rgb, level)) < 0.25 * noise


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 50)])
def test_denoise_without_noise_changes_nothing(size):
    rgb = photograph_like(*size)
    assert np.array_equal(DISTORTIONS["denoise"].apply(rgb, 0.0, np.random.default_rng()), rgb)


# Brightness, contrast, sharpness


@by_level("brighten")
def test_brighten_bends_channels_and_lightness(level, strength):
    color = pytest.importorskip("skimage.color")
    ramp = grey_ramp()

    def bend(x):
        return np.clip(x + 2 * strength * x * (1 - x), 0, 1)

    lab = color.rgb2lab(ramp)
    lab[..., 0] = 100 * bend(lab[..., 0] / 100)
    expected = 255 * (2 * bend(ramp / 255) + np.clip(color.lab2rgb(lab), 0, 1)) / 3
    brighter = distort("brighten", ramp, level)
    assert brighter == pytest.approx(expected, abs=1)
    assert np.all(np.diff(brighter[0, :, 0].astype(int)) >= 0)
    assert brighter[0, [0, -1], 0].tolist() == [0, 255]


@by_level("darken")
def test_darken_bends_channels(level, strength):
    x = np.arange(256) / 255
    expected = 255 * np.clip(x - 2 * strength * x * (1 - x), 0, 1)
    darker = distort("darken", grey_ramp(), level)[0, :, 0]
    assert darker == pytest.approx(expected, abs=0.51)
    assert np.all(np.diff(darker.astype(int)) >= 0)
    assert expected[127:129].mean() == pytest.approx(255 * (0.5 - strength / 2), abs=0.01)


@by_level("mean_shift")
def test_mean_shift_shifts_the_mean(level, strength):
    rgb = photograph_like() // 2 + 64
    shifted = distort("mean_shift", rgb, level)
    assert shifted.mean() - rgb.mean() == pytest.approx(255 * strength, abs=0.5)
    assert np.ptp(shifted.astype(int) - rgb) == 0
    assert distort("mean_shift", grey_ramp(), level)[0, :, 0] == pytest.approx(
        np.clip(np.arange(256) + 255 * strength, 0, 255), abs=0.51
    )


@by_level("contrast_change")
def test_contrast_change_is_a_cubic_around_mid_grey(level, strength):
    """A spline without knots at its second and last but one points is a u + b u³ where u is from mid-grey."""
    slope, cubic = np.linalg.solve([[0.5, 0.125], [0.2, 0.008]], [0.5, 0.25 + strength / 4])
    u = np.arange(256) / 255 - 0.5
    expected = 255 * np.clip(0.5 + slope * u + cubic * u**3, 0, 1)
    assert distort("contrast_change", grey_ramp(), level)[0, :, 0] == pytest.approx(expected, abs=0.51)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
@by_level("high_sharpen")
def test_high_sharpen_is_unsharp_masking_of_lightness(level, strength):
    color = pytest.importorskip("skimage.color")
    rgb = np.full((30, 60, 3), (90, 120, 100), np.uint8)
    rgb[:, 30:] = (140, 160, 150)
    kernel = np.exp(-(np.arange(-6, 7) ** 2) / 18)
    lab = color.rgb2lab(rgb)
    row = lab[0, :, 0]
    lab[..., 0] += strength * (row - np.convolve(np.pad(row, 6, mode="edge"), kernel / kernel.sum(), "valid"))
    expected = 255 * np.clip(color.lab2rgb(lab), 0, 1)
    sharpened = distort("high_sharpen", rgb, level)
    assert sharpened == pytest.approx(expected, abs=1)
    assert np.array_equal(sharpened[:, :20], rgb[:, :20])


# Space


@by_level("jitter")
def test_jitter_moves_by_so_many_pixels(level, strength):
    slope = 4
    ramp = np.broadcast_to(slope * np.arange(60, dtype=np.uint8)[None, :, None], (200, 60, 3)).copy()
    moved = distort("jitter", ramp, level).astype(float) - ramp
    inside = moved[:, 15:45]
    # Independent moves of five times; later ones smooth the earlier a little.
    expected = 5 * (slope * strength) ** 2 + 1 / 12
    assert 0.6 * expected < np.var(inside) < 1.1 * expected
    assert np.array_equal(distort("jitter", grey(50), level), grey(50))


def places(height, width):
    """An image whose red is the row and whose green is the column."""
    rows, columns = np.indices((height, width), dtype=np.uint8)
    return np.stack([rows, columns, np.zeros_like(rows)], axis=-1)


@by_level("non_eccentricity_patch")
def test_non_eccentricity_patches_come_from_near(level, strength):
    rgb = places(250, 250)
    distorted = distort("non_eccentricity_patch", rgb, level)
    moved = np.abs(distorted.astype(int) - rgb).max(axis=-1)
    assert np.quantile(moved[moved > 0], 0.75) <= 8
    # A patch moved twice goes further. One that stays where it is, or covers another, changes less.
    assert 0.5 * 256 * strength < np.count_nonzero(moved) <= 256 * strength


@by_level("pixelate")
def test_pixelate_keeps_the_published_share_of_pixels(level, strength):
    distorted = distort("pixelate", places(50, 200), level)
    kept = np.unique(distorted[0, :, 1])
    assert len(kept) == round(200 * (0.95 - strength**0.6))
    assert np.all(np.diff(distorted[0, :, 1].astype(int)) >= 0)


@by_level("quantization")
def test_quantization_leaves_a_value_more_than_thresholds(level, strength, photo):
    values = np.unique(distort("quantization", photo, level))
    assert len(values) == strength + 1
    assert values[[0, -1]].tolist() == [0, 255]


def test_quantization_splits_where_the_squared_error_is_least():
    codes = np.array([3, 10, 17, 40, 44, 90, 91, 120, 180, 200, 230, 250], np.uint8)
    counts = np.random.default_rng(1).integers(20, 200, len(codes))
    pixels = np.repeat(codes, counts)
    rgb = np.resize(pixels, (len(pixels) // 3 + 1, 1, 3))

    def error(cuts):
        parts = [rgb[(rgb >= codes[a]) & (rgb <= codes[b - 1])] for a, b in pairwise([0, *cuts, len(codes)])]
        return sum(np.sum((part - part.mean()) ** 2) for part in parts)

    best = min(combinations(range(1, len(codes)), 7), key=error)
    quantized = {code: distort("quantization", rgb, 5)[rgb == code][0] for code in codes}
    found = tuple(i for i in range(1, len(codes)) if quantized[codes[i]] != quantized[codes[i - 1]])
    assert found == best


@by_level("color_block")
def test_color_blocks_have_one_colour_each(level, strength):
    rgb = places(250, 250)
    rgb[..., 2] = 1
    distorted = distort("color_block", rgb, level)
    changed = np.any(distorted != rgb, axis=-1)
    assert 1024 * strength / 2 < np.count_nonzero(changed) <= 1024 * strength
    assert 1 < len(np.unique(distorted[changed], axis=0)) <= strength
