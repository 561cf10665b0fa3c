"""The no-reference model's graph in onnxruntime against the model in PyTorch, SciPy and NumPy."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from deepmse.plugin.errors import UsageError
from deepmse.plugin.graphs import GraphWriter
from deepmse.plugin.images import decode
from deepmse.plugin.learning.gaussian_process import files
from deepmse.plugin.learning.gaussian_process.graph import _interpolated, quality_graph
from deepmse.plugin.metrics import create
from deepmse.plugin.networks import efficientnet_lite
from hypothesis import given
from hypothesis import strategies as st

from .....conftest import photo_like

OUTPUTS = ["score", "deviation", "percentile"]


def session(graph) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph.model.SerializeToString())


def as_batch(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def packaged():
    metric = create("nr")
    graph = metric.graph()
    return metric, graph, session(graph)


def judged(metric, images: torch.Tensor) -> list[np.ndarray]:
    found = metric.assess(images)
    return [found.scores.numpy(), found.deviations.numpy(), found.percentiles.numpy()]


def test_real_pictures_score_as_in_pytorch(packaged, ranked_pairs):
    metric, graph, running = packaged
    for pair in ranked_pairs[::10]:
        image = as_batch(np.array(decode(pair.dist).image))
        np.testing.assert_allclose(running.run(OUTPUTS, graph.feed(image)), judged(metric, image), rtol=1e-4)


@pytest.mark.parametrize("size", [(224, 224), (225, 301), (300, 226)])
def test_a_batch_of_any_size_and_length_scores_as_in_pytorch(packaged, size):
    metric, _, running = packaged
    images = as_batch(*(photo_like(seed, *size) for seed in range(3)))
    found = running.run(OUTPUTS, {"image": images.numpy()})
    np.testing.assert_allclose(found, judged(metric, images), rtol=1e-4)


@pytest.mark.parametrize("size", [(100, 80), (1300, 240)])
def test_pictures_beyond_the_working_sizes_are_fed_at_them(packaged, size):
    metric, graph, running = packaged
    image = as_batch(photo_like(0, *size))
    fed = graph.feed(image)["image"]
    assert min(fed.shape[-2:]) == 224 or max(fed.shape[-2:]) == 1024
    np.testing.assert_allclose(running.run(OUTPUTS, {"image": fed}), judged(metric, image), rtol=1e-4)


def test_a_model_that_is_linear_alone_has_a_graph(packaged):
    metric, _, _ = packaged
    model = files.load()
    linear = replace(
        model,
        recipe=replace(model.recipe, curved=()),
        axes=(),
        axis_scales=np.zeros(0),
        offset=np.zeros(0),
        examples=model.examples[:, :0],
    )
    network, _ = efficientnet_lite.build()
    images = as_batch(photo_like(0, 240, 230), photo_like(1, 240, 230))
    found = session(quality_graph(linear, network)).run(OUTPUTS, {"image": images.numpy()})
    expected = linear(metric._network(images))
    np.testing.assert_allclose(found, [expected.scores, expected.deviations, expected.percentiles], rtol=1e-4)


def test_another_policy_than_native_size_is_refused():
    with pytest.raises(UsageError, match="native size"):
        create("nr", policy="resize-256").graph()


@given(
    st.lists(st.sampled_from([0.0, 1.0, 1.5, 4.0, 7.0]), min_size=2, max_size=12).filter(lambda x: len(set(x)) > 1),
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.2, 1.5, 3.9, 4.0, 6.0, 7.0]), min_size=1, max_size=5),
)
def test_interpolation_is_numpys_ties_among_the_knots_included(knots, values):
    x, at = np.sort(knots), np.clip(values, min(knots), max(knots))
    y = np.linspace(0, 100, len(x))
    write = GraphWriter()
    found = _interpolated(write, "at", x, y)
    model = write.model({"at": (np.float64, ["n"])}, {"found": (found, np.float64, ["n"])})
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"at": at})
    np.testing.assert_allclose(found, np.interp(at, x, y), atol=1e-12)
