"""DeepMSE's graph in onnxruntime against an independent float64 implementation, from files to scores."""

import numpy as np
import onnxruntime
import pytest
import torch
from deepmse import DeepMSE
from deepmse.plugin.metrics.full_reference.deepmse import PRESETS
from deepmse.plugin.metrics.full_reference.deepmse_graph import deepmse_graph
from PIL import Image

from .....conftest import photo_like
from .... import naive


def session(model: DeepMSE) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(deepmse_graph(model).model.SerializeToString())


def batch(*pictures: np.ndarray) -> np.ndarray:
    return np.stack(pictures).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_files_score_as_a_naive_implementation_has_them(ranked_pairs, squeezenet_file, preset):
    weights = naive.read_weights(squeezenet_file)
    running = session(DeepMSE(squeezenet_file, preset=preset.name))
    for pair in ranked_pairs[::20]:
        pixels = (np.asarray(Image.open(path).convert("RGB")) for path in (pair.ref, pair.dist))
        score, stages = running.run(None, dict(zip(("reference", "distorted"), map(batch, pixels), strict=True)))
        ref, dist = (naive.stages(path, weights, preset.taps) for path in (pair.ref, pair.dist))
        expected = [np.mean((a - b) ** 2) for a, b in zip(ref, dist, strict=True)]
        np.testing.assert_allclose(stages, [expected], rtol=1e-4)
        np.testing.assert_allclose(score, [np.mean(expected)], rtol=1e-4)


@pytest.mark.parametrize("size", [(32, 32), (97, 133), (98, 132), (99, 131), (100, 130)])
def test_at_native_size_a_batch_of_any_size_and_length_scores_as_in_pytorch(squeezenet_file, size):
    model = DeepMSE(squeezenet_file, policy="native")
    height, width = size
    references = batch(*(photo_like(seed, width, height) for seed in range(3)))
    distorted = batch(*(photo_like(seed, width, height) for seed in range(3, 6)))
    score, stages = session(model).run(None, {"reference": references, "distorted": distorted})
    with torch.inference_mode():
        expected = model.stages(torch.from_numpy(references), torch.from_numpy(distorted))
    np.testing.assert_allclose(stages, expected, rtol=1e-5)
    np.testing.assert_allclose(score, expected.mean(1), rtol=1e-5)


def test_a_reference_may_have_another_size_where_the_graph_resizes(squeezenet_file):
    model = DeepMSE(squeezenet_file)
    reference, distorted = batch(photo_like(0, 300, 200)), batch(photo_like(1, 256, 256))
    score, _ = session(model).run(None, {"reference": reference, "distorted": distorted})
    with torch.inference_mode():
        np.testing.assert_allclose(score, model(torch.from_numpy(reference), torch.from_numpy(distorted)), rtol=1e-5)


def test_a_picture_and_itself_score_nothing(squeezenet_file):
    picture = batch(photo_like(0, 150, 130))
    score, stages = session(DeepMSE(squeezenet_file)).run(None, {"reference": picture, "distorted": picture})
    assert score.tolist() == [0]
    assert stages.tolist() == [[0] * 5]
