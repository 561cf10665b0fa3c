"""Random distortions: what is drawn, that it can be drawn again, and that strength is strength."""

from collections import Counter

import numpy as np
import pytest
from deepmse.plugin.datasets.synthesis.distortions import compression, spatial
from deepmse.plugin.datasets.synthesis.mixtures import KINDS, MIXTURES, Draw

from .....conftest import photo_like

PHOTO = np.array(photo_like(0, 96, 120))


def error(worse) -> float:
    return float(np.mean((worse.astype(float) - PHOTO) ** 2))


def test_a_draw_gives_the_same_picture_again():
    for seed in range(12):
        first, second = (Draw.random(np.random.default_rng(seed)) for _ in range(2))
        assert first == second
        for one, other in zip(first(PHOTO), second(PHOTO), strict=True):
            np.testing.assert_array_equal(one, other)


def test_shares_are_those_asked_for_and_every_kind_and_mixture_is_drawn():
    rng = np.random.default_rng(0)
    draws = [Draw.random(rng, clean=0.1, mixed=0.4) for _ in range(6000)]
    counts = Counter(tuple(name for name, _ in draw.steps) for draw in draws)
    assert counts[()] / 6000 == pytest.approx(0.1, abs=0.02)
    mixed = sum(count for names, count in counts.items() if len(names) > 1)
    assert mixed / 6000 == pytest.approx(0.9 * 0.4, abs=0.03)
    assert set(counts) == {(), *((name,) for name in KINDS), *MIXTURES}


def test_strengths_lie_between_the_weakest_and_the_strongest():
    rng = np.random.default_rng(1)
    for _ in range(500):
        for name, strength in Draw.random(rng).steps:
            low, high = sorted((KINDS[name].weakest, KINDS[name].strongest))
            assert low <= strength <= high


def test_a_clean_draw_only_reduces():
    original, picture = Draw(0.5, (), 0)(PHOTO)
    assert picture.shape == (60, 48, 3)
    np.testing.assert_array_equal(original, picture)
    np.testing.assert_array_equal(Draw(1.0, (), 0)(PHOTO)[1], PHOTO)


def test_steps_are_done_one_after_the_other():
    steps = (("gaussian_blur", 2.0), ("jpeg", 10.0))
    rng = np.random.default_rng(0)
    by_hand = KINDS["jpeg"].apply(KINDS["gaussian_blur"].apply(PHOTO, 2.0, rng), 10.0, rng)
    np.testing.assert_array_equal(Draw(1.0, steps, 0)(PHOTO)[1], by_hand)


@pytest.mark.parametrize("name", KINDS)
def test_the_strongest_is_worse_than_the_weakest(name):
    kind = KINDS[name]
    weak, strong = (kind.apply(PHOTO, kind.strength(share), np.random.default_rng(0)) for share in (0.0, 1.0))
    assert weak.shape == strong.shape == PHOTO.shape
    assert weak.dtype == strong.dtype == np.uint8
    assert error(strong) > 2 * error(weak)


def test_damage_to_a_stream_always_leaves_a_picture():
    for seed in range(10):
        found = compression.damaged_jpeg_2000(PHOTO, 200, np.random.default_rng(seed))
        assert found.shape == PHOTO.shape


def test_resampling_keeps_the_size_and_loses_detail():
    found = spatial.resample(PHOTO, 4, np.random.default_rng(0))
    assert found.shape == PHOTO.shape
    detail = [np.abs(np.diff(pixels.astype(float), axis=1)).mean() for pixels in (found, PHOTO)]
    assert detail[0] < 0.7 * detail[1]
