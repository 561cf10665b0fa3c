"""Metrics on deep features against the libraries that define them, with the same weights on both sides.

Weights are drawn at random, as those of VGG, PieAPP and CLIP are seldom at hand: what is compared is the arithmetic.
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.metrics import create
from deepmse.plugin.metrics.base import FullReferenceMetric, NoReferenceMetric
from deepmse.plugin.metrics.full_reference import pieapp
from deepmse.plugin.metrics.full_reference.deep_features import shorter_side
from deepmse.plugin.metrics.full_reference.deepdc import TAPS
from deepmse.plugin.metrics.no_reference import clip_iqa
from deepmse.plugin.metrics.no_reference.brisque import FEATURES, read_libsvm
from deepmse.plugin.networks import imagenet
from deepmse.plugin.networks.squeezenet import features as squeezenet_features
from deepmse.plugin.weights import ENVIRONMENT_VARIABLE, ParameterFile, Weights, locate, published, resolve
from deepmse.plugin.weights.published import SQUEEZENET1_1
from PIL import Image
from scipy.spatial.distance import pdist, squareform

from .....conftest import photo_like
from .... import made_weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A folder of random weights for AlexNet, VGG-16, VGG-19 and SqueezeNet 1.1."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    for network, layers in (
        (published.ALEXNET, imagenet.alexnet_features()),
        (published.VGG16, imagenet.vgg_features(imagenet.VGG16_BLOCKS)),
        (published.VGG19, imagenet.vgg_features(imagenet.VGG19_BLOCKS)),
        (SQUEEZENET1_1, squeezenet_features()),
    ):
        for parameter in layers.parameters():
            if parameter.ndim == 4:
                torch.nn.init.kaiming_normal_(parameter)
        state = {f"features.{key}": value for key, value in layers.state_dict().items()}
        torch.save(state, folder / network.hub_filename)
    return folder


def state(weights: Path, network: ParameterFile) -> dict[str, torch.Tensor]:
    loaded = torch.load(weights / network.hub_filename, weights_only=True)
    return {key.removeprefix("features."): value for key, value in loaded.items()}


def pair(width: int = 90, height: int = 70) -> tuple[torch.Tensor, torch.Tensor]:
    clean = photo_like(0, width, height)
    noise = np.random.default_rng(0).normal(0, 20, clean.shape)
    images = np.stack([clean, np.clip(clean + noise, 0, 255).astype(np.uint8)])
    reference, distorted = torch.from_numpy(images).permute(0, 3, 1, 2).split(1)
    return reference, distorted


@torch.inference_mode()
def score(name: str, reference: torch.Tensor, distorted: torch.Tensor, weights: Path | None = None) -> float:
    metric = create(name, device=CPU, **({"weights": weights} if weights else {}))
    assert isinstance(metric, FullReferenceMetric)
    return metric.compare([metric.prepare(reference)], distorted).scores.item()


def in_memory(tensors: Mapping[str, torch.Tensor]) -> Weights:
    return Weights("made", Path("made"), "0" * 64, tensors)


@pytest.mark.parametrize(
    ("name", "network"), [("alex", published.ALEXNET), ("vgg", published.VGG16), ("squeeze", SQUEEZENET1_1)]
)
def test_lpips_agrees_with_its_authors_library(name, network, weights):
    lpips = pytest.importorskip("lpips")
    theirs = lpips.LPIPS(net=name, pnet_rand=True, verbose=False).eval()
    tensors = state(weights, network)
    for part in theirs.net.children():
        part.load_state_dict({key: tensors[key] for key in part.state_dict()})
    reference, distorted = pair()
    with torch.inference_mode():
        expected = theirs(2 * (reference / 255) - 1, 2 * (distorted / 255) - 1).item()
    assert score(f"lpips-{name}", reference, distorted, weights) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [(90, 70), (400, 300)])
def test_dists_agrees_with_torchmetrics(size, weights, monkeypatch):
    dists = pytest.importorskip("torchmetrics.functional.image.dists")
    layers = imagenet.vgg_features(imagenet.VGG16_BLOCKS)
    layers.load_state_dict(state(weights, published.VGG16))
    monkeypatch.setattr(dists, "vgg16", lambda weights: SimpleNamespace(features=layers))
    reference, distorted = pair(*size)
    small = [shorter_side(images, 256) / 255 for images in (reference, distorted)]
    expected = dists.deep_image_structure_and_texture_similarity(*small).item()
    assert score("dists", reference, distorted, weights) == pytest.approx(expected, rel=1e-4)


def test_deepdc_is_one_less_the_mean_distance_correlation(weights):
    reference, distorted = pair()

    def centred(x: torch.Tensor) -> list[np.ndarray]:
        layers = imagenet.vgg_features(imagenet.VGG19_BLOCKS)
        layers.load_state_dict(state(weights, published.VGG19))
        found = []
        for index, layer in enumerate(layers):
            x = layer(x)
            if index in TAPS:
                channels = x[0].flatten(1).double().numpy()
                distances = squareform(pdist(channels)) / len(channels)
                # The authors add 1e-5 under the root.
                distances = np.sqrt(distances**2 + 1e-5)
                found.append(distances - distances.mean(0) - distances.mean(1, keepdims=True) + distances.mean())
        return found

    with torch.inference_mode():
        layers = list(zip(centred(reference / 255), centred(distorted / 255), strict=True))
    correlations = [(a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()) for a, b in layers]
    assert score("deepdc", reference, distorted, weights) == pytest.approx(1 - np.mean(correlations), rel=1e-3)


def test_pieapp_agrees_with_piq(monkeypatch):
    piq = pytest.importorskip("piq")
    torch.manual_seed(0)
    tensors = made_weights.pieapp_state()
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: dict(tensors))
    monkeypatch.setattr(pieapp, "resolve", lambda *_: in_memory(tensors))
    reference, distorted = pair(120, 91)
    expected = piq.PieAPP(reduction="none")(distorted / 255, reference / 255).item()
    assert score("pieapp", reference, distorted) == pytest.approx(expected, rel=1e-4)


def test_clip_iqa_agrees_with_piq(monkeypatch):
    piq = pytest.importorskip("piq")
    clip = piq.feature_extractors.clip
    torch.manual_seed(0)
    network = made_weights.small_clip()
    tensors = network.state_dict()
    tokens = torch.zeros(2, clip_iqa.CONTEXT, dtype=torch.long)
    tokens[:, :5] = torch.tensor(clip_iqa.PROMPTS)
    monkeypatch.setattr(clip, "load", lambda: clip.build_model(dict(tensors)).float().eval())
    monkeypatch.setattr(piq.clip_iqa, "download_tensor", lambda *_: tokens)
    monkeypatch.setattr(clip_iqa, "resolve", lambda *_: in_memory(tensors))
    metric = create("clip-iqa", device=CPU)
    assert isinstance(metric, NoReferenceMetric)
    images = torch.cat(pair())
    with torch.inference_mode():
        expected = piq.CLIPIQA()(images / 255).flatten()
        torch.testing.assert_close(metric.assess(images).scores, expected, rtol=1e-4, atol=0)


def test_the_shorter_side_is_brought_to_size_as_pillow_does():
    photo = photo_like(0, 400, 300)
    expected = np.asarray(Image.fromarray(photo).resize((341, 256), Image.Resampling.BILINEAR)).astype(int)
    images = torch.from_numpy(photo).permute(2, 0, 1)[None]
    found = shorter_side(images, 256)[0].permute(1, 2, 0).numpy().astype(int)
    assert np.abs(found - expected).max() <= 1
    assert shorter_side(images, 300) is images


def test_parameters_are_found_in_order_and_what_is_not_known_is_said(tmp_path, monkeypatch):
    wanted = ParameterFile("made", "made.pth", sha256="0" * 64)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    cached = tmp_path / "torch" / "hub" / "checkpoints" / "made.pth"
    cached.parent.mkdir(parents=True)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    assert locate(wanted) is None
    torch.save({"x": torch.zeros(1)}, cached)
    assert locate(wanted) == cached
    torch.save({"x": torch.ones(1)}, tmp_path / "made.pth")
    found = resolve(wanted)
    assert (found.path, found.tensors["x"].item()) == (tmp_path / "made.pth", 1)
    assert "not the known file of made" in str(found.warning)
    assert resolve(wanted, cached.parent).path == cached
    cached.write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"made\.pth: cannot be read"):
        resolve(wanted, cached)


def test_a_libsvm_model_predicts_as_its_text_says(tmp_path):
    path = tmp_path / "allmodel"
    head = "svm_type epsilon_svr\nkernel_type rbf\ngamma 0.05\nnr_class 2\ntotal_sv 2\nrho -1.5\nSV\n"
    path.write_text(head + "2 1:0.5 36:-1 \n-1 2:0.25 \n")
    model = read_libsvm(path)
    assert model["vectors"].shape == (2, FEATURES)
    assert (model["vectors"][0, 0], model["vectors"][0, 35], model["vectors"][1, 1]) == (0.5, -1, 0.25)
    assert (model["rho"].item(), model["gamma"].item(), model["coefficients"].tolist()) == (-1.5, 0.05, [2, -1])
    for wrong in ("", head.replace("rbf", "linear"), head + "2 40:1\n", head + "2 x\n"):
        path.write_text(wrong)
        with pytest.raises(WeightsError, match="not a LIBSVM model of BRISQUE"):
            read_libsvm(path)
