"""Pictures that are another one turned, mirrored or cut elsewhere, and those that are not."""

import numpy as np
import pytest
from deepmse.plugin.images.alignment import Cut, shifted, turned
from PIL import Image, ImageFilter


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    """Detail of all sizes, less of it the finer it is, as photographs have it."""
    rng = np.random.default_rng(0)
    levels = np.zeros((480, 720, 3))
    for size in (4, 8, 16, 32, 64, 128, 256):
        layer = Image.fromarray(rng.integers(0, 256, (size, 3 * size // 2, 3), dtype=np.uint8))
        levels += np.asarray(layer.resize((720, 480), Image.Resampling.BICUBIC)) / np.sqrt(size)
    return Image.fromarray((255 * (levels - levels.min()) / np.ptp(levels)).astype(np.uint8))


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (Image.Transpose.ROTATE_90, "turned by a quarter to the left"),
        (Image.Transpose.ROTATE_180, "upside down"),
        (Image.Transpose.ROTATE_270, "turned by a quarter to the right"),
        (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored"),
        (Image.Transpose.FLIP_TOP_BOTTOM, "mirrored, and upside down"),
    ],
)
def test_a_turned_picture_is_known_though_it_is_blurred(scene, way, words):
    assert turned(scene, scene.transpose(way).filter(ImageFilter.GaussianBlur(4))) == words


@pytest.mark.parametrize("box", [(120, 60, 620, 460), (0, 90, 720, 480), (200, 0, 720, 400)])
def test_a_cut_is_found_where_it_was_made(scene, box):
    found = shifted(scene, scene.crop(box).filter(ImageFilter.GaussianBlur(2)))
    assert found == Cut(pytest.approx(box[0], abs=5), pytest.approx(box[1], abs=5))


def test_the_same_picture_and_another_one_raise_no_question(scene):
    other = Image.fromarray(np.random.default_rng(1).integers(0, 256, (480, 720, 3), dtype=np.uint8))
    flat = Image.new("RGB", (720, 480), "grey")
    for picture in (scene, scene.filter(ImageFilter.GaussianBlur(6)), scene.resize((360, 240)), other, flat):
        assert turned(scene, picture) == ""
        assert shifted(scene, picture) is None
