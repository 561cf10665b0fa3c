"""Measures of images whose values are known by construction."""

import io

import numpy as np
import pytest
from deepmse.plugin.images import decode
from deepmse.plugin.images.decoding import Decoded
from deepmse.plugin.issues import ISSUES, judge, measure, thresholds_with
from deepmse.plugin.issues.measures import LONGEST
from PIL import Image, ImageFilter

from ....conftest import photo_like


def of(pixels: np.ndarray, box=None):
    return measure(Decoded(Image.fromarray(np.asarray(pixels, np.uint8))), box).values


def jpeg(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_tones_of_halves_that_are_black_and_white():
    pixels = np.zeros((64, 128, 3))
    pixels[:, 64:] = 255
    found = of(pixels)
    assert found["brightness"] == pytest.approx(50)
    assert found["contrast"] == pytest.approx(100)
    assert found["entropy"] == pytest.approx(1)
    assert found["clipping"] == pytest.approx(100)
    assert found["colorfulness"] == pytest.approx(0)
    assert (found["aspect_ratio"], found["side"]) == (2, pytest.approx(np.sqrt(64 * 128)))


def test_colorfulness_is_that_of_its_definition():
    pixels = photo_like(3, 60, 40).astype(float)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    one, other = red - green, (red + green) / 2 - blue
    expected = np.sqrt(one.var() + other.var()) + 0.3 * np.sqrt(one.mean() ** 2 + other.mean() ** 2)
    assert of(pixels)["colorfulness"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("sigma", [3, 8, 15])
def test_noise_is_about_the_deviation_of_what_was_added(sigma):
    noisy = 128 + np.random.default_rng(0).normal(0, sigma, (400, 400, 3))
    assert of(np.clip(noisy, 0, 255))["noise"] == pytest.approx(sigma, rel=0.15)


def test_sharpness_falls_with_blur_and_noise_is_blind_to_slopes():
    photo = Image.fromarray(photo_like(1, 200, 150))
    sharpness = [of(np.array(photo.filter(ImageFilter.GaussianBlur(radius))))["sharpness"] for radius in (0, 1, 3)]
    assert sharpness == sorted(sharpness, reverse=True)
    slope = np.broadcast_to(np.arange(200)[None, :, None], (100, 200, 3))
    assert of(slope)["noise"] == 0


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 95, 100])
def test_the_quality_of_standard_tables_is_found(quality):
    decoded = decode(jpeg(photo_like(0, 64, 64), quality))
    # Below about 2 all steps are at their largest, and at 100 they are all 1.
    assert measure(decoded).values["jpeg_quality"] == pytest.approx(quality, abs=1)


def test_other_formats_and_parts_have_no_jpeg_quality():
    assert "jpeg_quality" not in of(photo_like(0, 64, 64))
    decoded = decode(jpeg(photo_like(0, 64, 64), 50))
    assert "jpeg_quality" not in measure(decoded, (0, 0, 0.5, 0.5)).values


def test_a_part_is_as_the_picture_of_it_and_none_has_no_measure():
    photo = photo_like(2, 100, 80)
    assert of(photo, (0.25, 0.5, 0.5, 0.5)) == of(photo[40:80, 25:75])
    assert of(photo, (-0.5, -0.5, 1, 1)) == of(photo[:40, :50])
    assert of(photo, (0.5, 0.5, 0, 0.2)) == {} == of(photo, (float("nan"), 0, 1, 1))


def test_a_single_pixel_and_a_large_picture_are_measured():
    tiny = of(np.full((1, 1, 3), 7))
    assert "noise" not in tiny
    assert "sharpness" not in tiny
    large = of(np.kron(photo_like(5, 300, 200), np.ones((8, 8, 1))))
    assert large["side"] == pytest.approx(np.sqrt(2400 * 1600))
    assert large["aspect_ratio"] == 1.5
    assert LONGEST < 2400


def test_a_set_is_judged_as_a_whole():
    photos = [photo_like(seed, 160, 120) for seed in range(5)]
    again = np.array(Image.fromarray(photos[1]).resize((120, 90)).resize((160, 120)))
    grey = np.repeat(photo_like(9, 160, 120).mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    huge = np.kron(photo_like(10, 160, 120), np.ones((6, 6, 1), np.uint8))
    pictures = [*photos, photos[0], again, grey, huge]
    measured = [measure(Decoded(Image.fromarray(each))) for each in pictures]
    judged = judge([*measured, None], thresholds_with([]))
    about = ("exact duplicate", "near duplicate", "grey", "odd size", "unreadable")
    found = [tuple(name for name in each.issues if name in about) for each in judged]
    assert found == [
        *[()] * 5,
        ("exact duplicate",),
        ("near duplicate",),
        ("grey",),
        ("odd size",),
        ("unreadable",),
    ]
    assert [each.duplicate_of for each in judged[5:7]] == [0, 1]
    assert [each.source for each in judged] == [0, 1, 2, 3, 4, 0, 1, 7, 8, None]
    assert judged[0].values["copies"] == judged[5].values["copies"] == 1
    assert judged[8].values["size_ratio"] == pytest.approx(6)


def test_among_grey_pictures_grey_is_not_odd_and_flat_ones_are_not_alike():
    grey = [np.repeat(photo_like(seed, 96, 96).mean(2, keepdims=True), 3, 2).astype(np.uint8) for seed in (1, 2)]
    flat = [np.full((96, 96, 3), value, np.uint8) for value in (0, 255)]
    judged = judge([measure(Decoded(Image.fromarray(each))) for each in (*grey, *flat)], thresholds_with([]))
    assert not any({"grey", "near duplicate", "exact duplicate"} & set(each.issues) for each in judged)
    assert judge([], thresholds_with([])) == []


def test_thresholds_move_and_unknown_ones_are_refused():
    from deepmse.plugin.errors import UsageError

    assert thresholds_with([("low_contrast", 12)])["low contrast"] == 12
    assert ISSUES["dark"].applies(14.9)
    assert not ISSUES["dark"].applies(15)
    assert not ISSUES["dark"].applies(None)
    with pytest.raises(UsageError, match="no issue 'ugly'"):
        thresholds_with([("ugly", 1)])
    with pytest.raises(UsageError, match="finite"):
        thresholds_with([("dark", float("nan"))])


def test_photographs_known_to_be_good_have_no_issue(test_data):
    photos = sorted((test_data / "data" / "kodak24").glob("*.png"))[::6]
    judged = judge([measure(decode(path)) for path in photos], thresholds_with([]))
    assert [each.issues for each in judged] == [()] * len(photos)
