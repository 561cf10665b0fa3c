"""The networks in ONNX graphs against themselves in PyTorch, and poolings against NumPy."""

import numpy as np
import onnxruntime
import pytest
import torch
from deepmse.plugin.errors import UsageError
from deepmse.plugin.graphs import GraphWriter
from deepmse.plugin.networks import efficientnet_lite, squeezenet
from deepmse.plugin.networks.graph import efficientnet_activations, pooled, squeezenet_layers
from torch import nn
from torchvision.models import squeezenet1_1

SIZES = [(64, 64), (65, 98), (47, 63), (98, 65)]


def session(write: GraphWriter, values: list[str], dtype: type = np.uint8) -> onnxruntime.InferenceSession:
    model = write.model(
        {"x": (dtype, ["n", "c", "h", "w"])},
        {f"y{index}": (value, np.float32, None) for index, value in enumerate(values)},
    )
    return onnxruntime.InferenceSession(model.SerializeToString())


def images(size: tuple[int, int]) -> torch.Tensor:
    return torch.randint(0, 256, (2, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(sum(size)))


def close(found: np.ndarray, expected: torch.Tensor) -> None:
    wanted = expected.detach().numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_every_layer_of_squeezenet_is_torchvisions_at_even_and_odd_sizes():
    torch.manual_seed(0)
    theirs = squeezenet1_1(weights=None).features.eval().requires_grad_(False)
    ours = squeezenet.features()
    ours.load_state_dict(theirs.state_dict())
    write = GraphWriter()
    running = session(write, [value for _, value in squeezenet_layers(write, ours, "x")])
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (squeezenet.MEAN, squeezenet.STD))
    for size in SIZES:
        x = (images(size) / 255 - mean) / std
        expected = [x.clone()] + [(x := layer(x)).clone() for layer in theirs]
        # What is in place in torchvision's network also changes the convolution before it.
        convolutions = {index for index, layer in enumerate(theirs) if isinstance(layer, nn.Conv2d)}
        for index, value in enumerate(running.run(None, {"x": images(size).numpy()}), start=-1):
            if index not in convolutions:
                close(value, expected[index + 1])


def test_every_activation_of_efficientnet_lite_is_pytorchs_at_even_and_odd_sizes():
    network, _ = efficientnet_lite.build()
    write = GraphWriter()
    names, values = zip(*efficientnet_activations(write, network, "x"), strict=True)
    running = session(write, list(values))
    assert names == tuple(network.channels())
    for size in SIZES:
        with torch.inference_mode():
            expected = [value.clone() for _, value in network(images(size))]
        for found, wanted in zip(running.run(None, {"x": images(size).numpy()}), expected, strict=True):
            close(found, wanted)


def test_a_layer_of_no_known_kind_is_refused():
    with pytest.raises(TypeError, match="no graph is known of a Sigmoid"):
        list(squeezenet_layers(GraphWriter(), nn.Sequential(nn.Sigmoid()), "x"))


def test_poolings_keep_their_digits_over_many_positions():
    activation = np.random.default_rng(0).normal(3, 1, (2, 5, 400, 301)).astype(np.float32)
    write = GraphWriter()
    means, both = session(write, [pooled(write, "x", "mean"), pooled(write, "x", "mean+std")], np.float32).run(
        None, {"x": activation}
    )
    exact = activation.astype(np.float64)
    np.testing.assert_allclose(means, exact.mean((2, 3)), rtol=1e-6)
    np.testing.assert_allclose(both, np.hstack([exact.mean((2, 3)), exact.std((2, 3))]), rtol=1e-6)


def test_a_pooling_that_has_no_graph_is_refused():
    with pytest.raises(UsageError, match="'median' has no graph"):
        pooled(GraphWriter(), "x", "median")
