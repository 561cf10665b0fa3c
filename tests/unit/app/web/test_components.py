import numpy as np
import pytest
from deepmse.app.web import components
from PIL import Image

from .pictures import photo


@pytest.fixture
def place(tmp_path):
    made = iter(range(100))
    return lambda suffix: tmp_path / f"{next(made)}{suffix}"


def test_pictures_are_viewed_pixel_by_pixel(place):
    images = [photo((96, 64)), photo((96, 64), seed=1)]
    for path, image in zip(components.viewable(place, images), images, strict=True):
        np.testing.assert_array_equal(Image.open(path), image)


def test_the_second_picture_is_viewed_in_the_size_of_the_first(place):
    sizes = [Image.open(path).size for path in components.viewable(place, [photo((96, 64)), photo((50, 50))])]
    assert sizes == [(96, 64), (96, 64)]


def test_what_is_too_large_is_viewed_smaller_in_its_shape(place, monkeypatch):
    monkeypatch.setattr(components, "MAX_VIEWED_PIXELS", 5000)
    [path] = components.viewable(place, [photo((200, 100))])
    assert Image.open(path).size == (100, 50)
    monkeypatch.setattr(components, "MAX_VIEWED_PIXELS", 50)
    [path] = components.viewable(place, [photo((2000, 1))])
    assert Image.open(path).size[1] == 1
