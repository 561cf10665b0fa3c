"""The metric against an independent implementation, published figures and its own promises."""

import numpy as np
import pytest
import torch
from deepmse import DeepMSE
from deepmse.plugin.errors import UsageError
from deepmse.plugin.images import RESIZE_256, decode
from deepmse.plugin.images.tensors import to_tensor
from deepmse.plugin.metrics.full_reference.deepmse import PRESETS
from deepmse.plugin.networks.complexity import multiply_adds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from .... import naive


@pytest.fixture(scope="module")
def metric() -> DeepMSE:
    return DeepMSE()


def images(n: int, seed: int, size: tuple[int, int] = (256, 256)) -> torch.Tensor:
    return torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(seed))


def tensors(pair) -> tuple[torch.Tensor, torch.Tensor]:
    reference, distorted = (to_tensor(decode(path), RESIZE_256)[None] for path in (pair.ref, pair.dist))
    return reference, distorted


def test_agrees_with_a_naive_float64_implementation(ranked_pairs, squeezenet_file):
    metric, weights = DeepMSE(squeezenet_file), naive.read_weights(squeezenet_file)
    features = {pair.ref: naive.stages(pair.ref, weights, (1, 4, 7, 9, 12)) for pair in ranked_pairs}
    for pair in ranked_pairs:
        distorted = naive.stages(pair.dist, weights, (1, 4, 7, 9, 12))
        expected = [np.mean((a - b) ** 2) for a, b in zip(features[pair.ref], distorted, strict=True)]
        found = metric.stages(*(to_tensor(decode(path), RESIZE_256)[None] for path in (pair.ref, pair.dist)))
        np.testing.assert_allclose(found[0], expected, rtol=1e-4)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_agrees_with_the_naive_implementation(preset, ranked_pairs, squeezenet_file):
    path = squeezenet_file
    metric = DeepMSE(path, preset=preset)
    for pair in ranked_pairs[:: len(ranked_pairs) // 3]:
        expected = naive.score(pair.ref, pair.dist, naive.read_weights(path), metric.preset.taps)
        found = metric(*(to_tensor(decode(image), RESIZE_256)[None] for image in (pair.ref, pair.dist)))
        assert found.item() == pytest.approx(expected, rel=1e-4)


def test_ranks_distortions_as_people_do(metric, ranked_pairs):
    scores = [
        metric(*(to_tensor(decode(p), RESIZE_256)[None] for p in (pair.ref, pair.dist))).item()
        for pair in ranked_pairs
    ]
    assert spearmanr(scores, [pair.dmos for pair in ranked_pairs]).statistic > 0.93


def test_the_fallback_weights_are_the_same_network_on_another_scale(ranked_pairs):
    from deepmse.plugin.weights.published import SQUEEZENET1_1
    from deepmse.plugin.weights.search import _from_package

    fallback = DeepMSE(_from_package(SQUEEZENET1_1.fallback))
    assert "fallback" in fallback.weights.warning
    scores = [fallback(*tensors(pair)).item() for pair in ranked_pairs]
    assert spearmanr(scores, [pair.dmos for pair in ranked_pairs]).statistic > 0.91


def test_the_layers_are_those_of_torchvision(metric):
    from torchvision.models import squeezenet1_1

    theirs = squeezenet1_1(weights=None).features.eval()
    theirs.load_state_dict(metric.layers.state_dict())
    x = images(2, 15) - 0.5
    ours = metric.layers
    for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        y = x.clone()
        expected = other(y.clone())
        atol = 1e-5 * expected.abs().max().item()
        torch.testing.assert_close(mine(y), expected, rtol=1e-4, atol=atol, msg=f"layer {index}")
        x = expected.detach()


def test_two_passes_take_the_papers_multiply_adds(metric):
    assert multiply_adds(metric.layers, (2, 3, 256, 256)) == 693_794_176


@pytest.mark.parametrize("policy", ["resize-256", "native"])
@pytest.mark.parametrize("size", [(256, 256), (32, 32), (61, 190), (300, 257)])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_identical_images_score_exactly_zero(policy, size, n):
    metric = DeepMSE(policy=policy)
    x = images(n, 1, size)
    assert metric(x, x.clone()).tolist() == [0] * n
    assert metric.from_features(metric.features(x[:1]), x[:1]).item() == 0


def test_one_image_scores_the_same_in_any_batch_and_place(metric):
    reference, distorted = images(9, 2), images(9, 3)
    distorted[::2] = (reference[::2] + 0.002 * distorted[::2]).clamp(0, 1)
    alone = torch.cat([metric(reference[i : i + 1], distorted[i : i + 1]) for i in range(9)])
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    for size in (2, 3, 5, 9):
        batched = torch.empty(9)
        for indices in order.split(size):
            batched[indices] = metric(reference[indices], distorted[indices])
        torch.testing.assert_close(batched, alone, rtol=1e-6, atol=0)


def test_kept_reference_features_give_the_same_scores(metric):
    reference, distorted = images(1, 4), images(3, 5)
    kept = metric.features(reference)
    expected = metric(reference.expand(3, -1, -1, -1), distorted)
    for theirs in (distorted, metric.features(distorted)):
        torch.testing.assert_close(metric.from_features(kept, theirs), expected, rtol=1e-6, atol=0)


def test_score_is_the_mean_of_stages_and_each_stage_the_mean_of_its_map(metric):
    reference, distorted = images(2, 6, (90, 120)), images(2, 7, (90, 120))
    stages = metric.stages(reference, distorted)
    assert stages.shape == (2, 5)
    torch.testing.assert_close(metric(reference, distorted), stages.mean(1))
    means = torch.stack([stage.mean((1, 2)) for stage in metric.maps(reference, distorted)], dim=1)
    torch.testing.assert_close(means, stages, rtol=1e-5, atol=0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_is_symmetric_and_not_negative(seed):
    metric = DeepMSE(policy="native")
    a, b = images(1, seed, (40, 40)), images(1, seed + 1, (40, 40))
    assert metric(a, b).item() == metric(b, a).item() > 0


def test_tensors_score_as_the_files_they_come_from(metric, made_pairs):
    for pair in made_pairs:
        decoded = [decode(path) for path in (pair.ref, pair.dist)]
        as_files = metric(*(to_tensor(image, RESIZE_256)[None] for image in decoded))
        as_floats = metric(*(torch.from_numpy(image.pixels).permute(2, 0, 1)[None] / 255 for image in decoded))
        assert as_floats.item() == as_files.item()


@pytest.mark.parametrize("policy", ["resize-256", "native"])
def test_the_gradient_leads_to_the_reference(policy):
    metric = DeepMSE(policy=policy)
    reference, distorted = images(1, 8, (64, 72)), images(1, 9, (64, 72)).requires_grad_()
    before = metric(reference, distorted)
    (gradient,) = torch.autograd.grad(before.sum(), distorted)
    with torch.no_grad():
        step = (distorted - 0.02 * gradient.sign()).clamp(0, 1)
        assert metric(reference, step).item() < before.item()


def test_the_gradient_is_that_of_finite_differences():
    metric = DeepMSE(policy="native").double()
    reference, distorted = (images(1, seed, (32, 32)).double() for seed in (10, 11))
    distorted.requires_grad_()
    (gradient,) = torch.autograd.grad(metric(reference, distorted).sum(), distorted)
    direction = torch.randn(distorted.shape, generator=torch.Generator().manual_seed(12), dtype=torch.float64)
    with torch.no_grad():
        step = 1e-6
        ahead, behind = (metric(reference, (distorted + s * direction).clamp(0, 1)) for s in (step, -step))
        inside = ((distorted > 1e-5) & (distorted < 1 - 1e-5)).all()
    assert inside
    assert ((ahead - behind) / (2 * step)).item() == pytest.approx((gradient * direction).sum().item(), rel=1e-4)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.05), (torch.float16, 0.01)])
def test_half_precision_sums_squares_in_float32(dtype, tolerance):
    reference, distorted = images(2, 13), (images(2, 13) + 0.2 * images(2, 14)).clamp(0, 1)
    full = DeepMSE()(reference, distorted)
    half = DeepMSE().to(dtype)(reference, distorted)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, full, rtol=tolerance, atol=0)


def test_float64_stays_float64():
    assert DeepMSE(policy="native").double()(images(1, 0), images(1, 1)).dtype == torch.float64


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (torch.zeros(3, 64, 64), "shape"),
        (torch.zeros(1, 1, 64, 64), "shape"),
        (torch.zeros(0, 3, 64, 64), "empty"),
        (torch.zeros(1, 3, 31, 64), "at least 32×32"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.int64), "floating point"),
        (torch.full((1, 3, 64, 64), 200.0), "divide by 255"),
        (torch.full((1, 3, 64, 64), float("nan")), "lie in"),
    ],
)
def test_wrong_input_is_refused_in_words(metric, wrong, message):
    with pytest.raises(ValueError, match=message):
        metric(wrong, wrong)


def test_unequal_sizes_and_counts_are_refused():
    with pytest.raises(ValueError, match="equal sizes"):
        DeepMSE(policy="native")(images(1, 0, (64, 64)), images(1, 0, (64, 65)))
    with pytest.raises(ValueError, match="2 references for 3"):
        DeepMSE()(images(2, 0), images(3, 0))


def test_unknown_presets_and_policies_are_refused():
    with pytest.raises(UsageError, match="lpips-ends, image\\+relu, pools"):
        DeepMSE(preset="best")
    with pytest.raises(UsageError, match="resize-256, native"):
        DeepMSE(policy="resize-512")
