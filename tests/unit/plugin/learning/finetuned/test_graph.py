"""Fine-tuned networks' graphs in onnxruntime against the networks in PyTorch."""

from pathlib import Path

import deepmse
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.finetuned.model import save
from deepmse.plugin.learning.regression import Regression
from deepmse.plugin.learning.trained import Standard
from deepmse.plugin.metrics import create
from deepmse.plugin.networks.backbones import build

from .....conftest import photo_like
from .test_training import random_weights


@pytest.fixture(scope="module", params=["mobilenet-v2", "efficientnet-lite0"])
def trained(request, tmp_path_factory) -> Path:
    """With batch normalisation, and with padding that depends on the size."""
    folder = tmp_path_factory.mktemp("tuned")
    weights = random_weights(folder, "mobilenet_v2") if request.param == "mobilenet-v2" else None
    layer = {"mobilenet-v2": "Logits", "efficientnet-lite0": "block5"}[request.param]
    torch.manual_seed(0)
    model = Regression(build(request.param, [layer], weights)).eval()
    save(folder / "tuned.safetensors", model.state_dict(), model, Standard(55.0, 6.0), {})
    return folder / "tuned.safetensors"


@pytest.fixture(scope="module")
def graph(trained):
    return create(str(trained)).graph()


def test_pictures_of_one_window_and_of_several_score_as_in_pytorch(trained, graph):
    metric = create(str(trained))
    running = onnxruntime.InferenceSession(graph.model.SerializeToString())
    for height, width, count in ((100, 90, 1), (224, 224, 1), (300, 260, 4), (230, 1500, 10)):
        image = torch.from_numpy(photo_like(height, width, height)).permute(2, 0, 1)[None]
        fed = graph.feed(image)
        assert fed["windows"].shape == (count, 3, 224, 224)
        with torch.inference_mode():
            expected = metric.assess(image).scores
        assert 0 < float(expected) < 100
        np.testing.assert_allclose(running.run(["score"], fed), [expected], rtol=1e-5)


def test_filters_of_one_tap_are_not_dilated_and_nothing_tells_of_this_machine(graph):
    root = str(Path(deepmse.__file__).resolve().parent)
    assert root.encode() not in graph.model.SerializeToString()
    for node in graph.model.graph.node:
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        if attributes.get("kernel_shape") == [1, 1]:
            assert attributes["dilations"] == [1, 1]


def test_another_policy_than_native_size_is_refused(trained):
    with pytest.raises(UsageError, match="native size"):
        create(str(trained), policy="resize-256").graph()


def test_a_network_that_pytorch_cannot_export_is_refused(trained, monkeypatch):
    metric = create(str(trained))
    monkeypatch.setattr(
        metric._model, "forward", lambda images: torch.linalg.eigvals(images[:, 0].float()).real.mean(1)
    )
    with pytest.raises(UsageError, match=r"PyTorch cannot export the network \(.*linalg_eig"):
        metric.graph()
