"""Resizing in an ONNX graph against Pillow's own: the same grey levels, whatever the size."""

import numpy as np
import onnxruntime
import pytest
from deepmse.plugin.graphs import GraphWriter
from deepmse.plugin.images.graph import resized
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

SIZE = 64


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    write = GraphWriter()
    model = write.model(
        {"images": (np.uint8, ["n", 3, "h", "w"])},
        {"resized": (resized(write, "images", SIZE), np.uint8, ["n", 3, SIZE, SIZE])},
    )
    return onnxruntime.InferenceSession(model.SerializeToString())


def pictures(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 10_007 + width).integers(0, 256, (2, height, width, 3), dtype=np.uint8)


def by_pillow(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.BILINEAR))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_any_size_is_resized_to_the_levels_that_pillow_gives(session, height, width):
    given = pictures(height, width)
    (found,) = session.run(None, {"images": given.transpose(0, 3, 1, 2)})
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), [by_pillow(each) for each in given])


@pytest.mark.parametrize("size", [(SIZE, SIZE), (SIZE, 2 * SIZE), (2 * SIZE, SIZE), (701, 7), (700, 7), (7, 1200)])
def test_so_are_those_of_the_size_already_and_those_that_pillow_shrinks_in_height_first(session, size):
    given = pictures(*size)
    (found,) = session.run(None, {"images": given.transpose(0, 3, 1, 2)})
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), [by_pillow(each) for each in given])
