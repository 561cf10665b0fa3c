"""Metrics of TorchMetrics and the function: the engine's scores, by other ways to call them."""

import deepmse
import pytest
import torch
from deepmse.plugin.errors import UsageError


@pytest.fixture(scope="module")
def images():
    generator = torch.manual_seed(0)
    references = torch.rand(5, 3, 64, 48, generator=generator)
    noise = 0.2 * torch.rand(5, 3, 64, 48, generator=generator)
    return references, (references + noise).clamp(0, 1)


def test_batches_of_any_size_have_the_mean_of_all_scores(images):
    references, distorted = images
    expected = deepmse.DeepMSE()(references, distorted).mean()
    metric = deepmse.torchmetrics.DeepMSE()
    for part in (slice(0, 3), slice(3, 5)):
        metric.update(distorted[part], references[part])
    torch.testing.assert_close(metric.compute(), expected)
    metric.reset()
    metric.update(references, references)
    assert metric.compute() == 0


def test_the_metric_declares_what_the_catalogue_does_and_has_a_gradient(images):
    references, distorted = images
    info = deepmse.metric("deepmse").info
    metric = deepmse.torchmetrics.DeepMSE()
    assert metric.is_differentiable
    assert metric.higher_is_better == (not info.lower_is_better)
    pixels = distorted.clone().requires_grad_()
    metric(pixels, references).backward()
    assert pixels.grad.abs().sum() > 0


def test_the_no_reference_model_is_the_engines(images):
    _, pictures = images
    metric = deepmse.torchmetrics.NR(device="cpu")
    torch.testing.assert_close(
        metric(pictures).double(), deepmse.metric("nr", device="cpu")(pictures).double().mean(), rtol=1e-6, atol=0
    )
    assert metric.higher_is_better
    assert not deepmse.torchmetrics.NR("piqe", device="cpu").higher_is_better


def test_the_function_takes_any_range_and_reduces_as_asked(images):
    references, distorted = images
    expected = deepmse.DeepMSE()(references, distorted)
    function = deepmse.functional.deepmse
    torch.testing.assert_close(function(distorted, references, reduction="none"), expected)
    torch.testing.assert_close(function(distorted, references), expected.mean())
    whole = function(255 * distorted, 255 * references, data_range=255, reduction="sum")
    torch.testing.assert_close(whole, expected.sum(), rtol=1e-4, atol=1e-5)
    with pytest.raises(UsageError, match="median"):
        function(distorted, references, reduction="median")
