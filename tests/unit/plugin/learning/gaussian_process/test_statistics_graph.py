"""Statistics of pixels in onnxruntime against those in PyTorch."""

import numpy as np
import onnxruntime
import pytest
import torch
from deepmse.plugin.graphs import GraphWriter
from deepmse.plugin.learning.gaussian_process.statistics import COUNT, pixel_statistics
from deepmse.plugin.learning.gaussian_process.statistics_graph import statistics_values
from hypothesis import given, settings
from hypothesis import strategies as st

from .....conftest import photo_like


@pytest.fixture(scope="module")
def running() -> onnxruntime.InferenceSession:
    write = GraphWriter()
    found = statistics_values(write, "image")
    ends = {"image": (np.uint8, ["batch", 3, "height", "width"])}, {"found": (found, np.float32, ["batch", COUNT])}
    return onnxruntime.InferenceSession(write.model(*ends).SerializeToString())


def differences(running, images: np.ndarray) -> float:
    (found,) = running.run(None, {"image": images})
    return float(np.abs(found - pixel_statistics(torch.from_numpy(images)).numpy()).max())


@settings(deadline=None, max_examples=20)
@given(st.integers(32, 150), st.integers(32, 150), st.integers(0, 99))
def test_pictures_of_any_size_have_the_same_statistics(running, height, width, seed):
    picture = photo_like(seed, height, width).transpose(2, 0, 1)
    # Where little differs from its surroundings, all is rounding.
    half = picture.copy()
    half[:, : height // 2] = 255
    assert differences(running, np.stack([picture, half])) < 1e-4


@pytest.mark.parametrize("value", [0, 7, 255])
def test_flat_pictures_have_the_same_statistics(running, value):
    assert differences(running, np.full((1, 3, 64, 70), value, np.uint8)) < 1e-5
