"""Metrics as modules on tensors: the same scores as of files, and wrong images are refused in words."""

import shutil

import numpy as np
import pytest
import torch
from deepmse import load_model, metric, score, score_pairs
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.gaussian_process.files import PACKAGED
from PIL import Image

from ....conftest import photo_like

CPU = {"device": "cpu"}


def tensors(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[list[np.ndarray], list]:
    """A picture and a copy with noise, as arrays and as files."""
    folder = tmp_path_factory.mktemp("pair")
    clean = photo_like(1, 240, 260)
    noisy = (clean + np.random.default_rng(0).normal(0, 20, clean.shape)).clip(0, 255).astype(np.uint8)
    paths = [folder / "ref.png", folder / "dist.png"]
    for path, pixels in zip(paths, (clean, noisy), strict=True):
        Image.fromarray(pixels).save(path)
    return [clean, noisy], paths


@pytest.fixture
def one_thread():
    """Operators of one thread, as the engine's: the sums of several differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["psnr", "ssim", "deepmse", "haarpsi"])
def test_a_pair_of_tensors_scores_as_its_files_do(one_thread, pair, name):
    (clean, noisy), paths = pair
    (of_files,) = score_pairs([paths], [name], **CPU)
    module = metric(name, **CPU)
    assert module(tensors(clean), tensors(noisy)).tolist() == [of_files.measurements[module.info.name].value]


@pytest.mark.parametrize("name", ["piqe", "nr"])
def test_images_score_as_their_files_do(one_thread, pair, name):
    pictures, paths = pair
    of_files = [each.measurements[name].value for each in score(paths, [name], **CPU)]
    assert metric(name, **CPU)(tensors(*pictures)).tolist() == of_files


def test_floating_point_images_count_with_their_eight_bits(pair):
    (clean, noisy), _ = pair
    reference, distorted = tensors(clean), tensors(noisy)
    module = metric("psnr", **CPU)
    assert torch.equal(module(reference / 255, distorted / 255), module(reference, distorted))
    mse = np.mean((clean.astype(float) - noisy) ** 2)
    assert module(reference, distorted).item() == pytest.approx(10 * np.log10(255**2 / mse), rel=1e-6)


def test_a_trained_model_is_a_module(pair, tmp_path):
    path = shutil.copy(PACKAGED, tmp_path / "mine.safetensors")
    pictures, _ = pair
    module = load_model(path, **CPU)
    assert module.info.name == "mine"
    assert torch.equal(module(tensors(*pictures)), metric("nr", **CPU)(tensors(*pictures)))
    assert "mine, higher is better" in repr(module)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ((torch.zeros(1, 3, 64, 64),), "PSNR takes references and distorted images"),
        ((torch.zeros(1, 3, 64, 64),) * 3, "PSNR takes references and distorted images"),
        ((torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 65)), "shapes differ"),
        ((torch.zeros(1, 3, 64, 64), torch.zeros(2, 3, 64, 64)), "shapes differ"),
        ((torch.zeros(3, 64, 64),) * 2, r"shape \(N, 3, H, W\), not \(3, 64, 64\)"),
        ((torch.zeros(0, 3, 64, 64),) * 2, "shape"),
        ((torch.full((1, 3, 64, 64), 255.0),) * 2, r"in \[0, 1\]; divide by 255"),
        ((torch.full((1, 3, 64, 64), torch.nan),) * 2, r"in \[0, 1\]"),
        ((torch.zeros(1, 3, 64, 64, dtype=torch.int32),) * 2, "not torch.int32"),
    ],
)
def test_what_is_no_pair_of_images_is_refused(images, reason):
    with pytest.raises(UsageError, match=reason):
        metric("psnr", **CPU)(*images)


def test_too_small_images_and_needless_references_are_refused():
    with pytest.raises(UsageError, match="8×8 is too small: SSIM needs 11 pixels a side"):
        metric("ssim", **CPU)(*[torch.zeros(1, 3, 8, 8)] * 2)
    with pytest.raises(UsageError, match="PIQE takes images alone"):
        metric("piqe", **CPU)(*[torch.zeros(1, 3, 64, 64)] * 2)
    with pytest.raises(UsageError, match="psnr: compares with references; score pairs with score_pairs"):
        score(["a.png"], ["psnr"])
