"""Fine-tuned networks as metrics: windows cover the picture, and scores are opinions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.learning.finetuned.metric import MOST, windows
from deepmse.plugin.learning.finetuned.model import DECLARATION, save
from deepmse.plugin.learning.finetuned.training import Recipe, finetune
from deepmse.plugin.learning.labels import LabelledImages
from deepmse.plugin.learning.recipes import FINETUNED
from deepmse.plugin.learning.regression import Regression
from deepmse.plugin.learning.trained import Standard
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.networks.backbones import build
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from .....conftest import photo_like
from .test_training import random_weights

SIZE = 227


@pytest.fixture(scope="module")
def backbone(tmp_path_factory) -> Path:
    return random_weights(tmp_path_factory.mktemp("weights"), "squeezenet1_1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, backbone) -> Path:
    """A network that learnt to tell six noisy pictures from six clean ones."""
    folder = tmp_path_factory.mktemp("images")
    paths, opinions = [], []
    for index in range(12):
        noisy = index % 2
        pixels = photo_like(index, 64, 64) + noisy * np.random.default_rng(index).normal(0, 60, (64, 64, 3))
        paths.append(folder / f"{index}.png")
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(paths[-1])
        opinions.append(90.0 - 80 * noisy)
    images = LabelledImages(tuple(paths), np.array(opinions), (None,) * 12, {})
    out = folder / "noise.safetensors"
    recipe = Recipe("squeezenet", "fire6-concat", replace(FINETUNED, epochs=25, learning_rate=1e-3, batch_size=4))
    finetune(images, recipe, out, weights=backbone, device=torch.device("cpu"))
    return out


def test_it_declares_what_its_file_says(trained):
    info = metric_info(str(trained))
    assert (info.name, info.kind, info.lower_is_better, info.range) == ("noise", "NR", False, (0, 100))
    assert info.grades == DECLARATION.grades


def test_it_scores_on_the_scale_that_it_learnt(run, trained, tmp_path):
    paths = sorted(trained.parent.glob("*.png"), key=lambda path: int(path.stem))
    (tmp_path / "t.csv").write_text("dist\n" + "".join(f"{path}\n" for path in paths))
    result = run("score", tmp_path / "t.csv", "-m", trained)
    assert result.status == 0, result.err
    scores = [float(row["noise"]) for row in result.rows]
    assert min(scores[::2]) > max(scores[1::2]) + 20


def test_a_score_is_the_mean_of_the_windows_on_the_opinion_scale(tmp_path, backbone):
    model = Regression(build("squeezenet", ["fire8-concat"], backbone)).eval()
    path = tmp_path / "mine.safetensors"
    save(path, model.state_dict(), model, Standard(40.0, 3.0), {})
    image = torch.from_numpy(photo_like(0, 300, 260)).permute(2, 0, 1)
    parts = [
        image[:, top : top + SIZE, left : left + SIZE]
        for top in (0, image.shape[1] - SIZE)
        for left in (0, image.shape[2] - SIZE)
    ]
    with torch.inference_mode():
        expected = 40 + 3 * torch.stack([model(part[None])[0] for part in parts]).mean()
        (score,) = create(str(path)).assess(image[None]).scores
    assert 0 < score < 100
    assert score == pytest.approx(float(expected), rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(20, 3000), st.integers(20, 3000), st.integers(16, 256))
def test_windows_cover_the_picture_as_far_as_their_number_goes(height, width, size):
    found = windows(torch.zeros(3, height, width, dtype=torch.uint8), size)
    assert {tuple(window.shape) for window in found} == {(3, size, size)}
    rows, columns = (min(-(-max(side, size) // size), MOST) for side in (height, width))
    assert len(found) == rows * columns


def test_windows_lie_where_they_should():
    image = torch.arange(10 * 7, dtype=torch.uint8).reshape(1, 10, 7).expand(3, -1, -1)
    corners = [int(window[0, 0, 0]) for window in windows(image, 4)]
    assert corners == [7 * top + left for top in (0, 3, 6) for left in (0, 3)]


def test_a_file_that_lacks_something_is_refused_in_words(trained, tmp_path):
    from deepmse.plugin.learning.files import read_model, write_model

    tensors, about = read_model(trained)
    kept = {key: about[key] for key in ("backbone", "layer", "target")}
    for lacking in (*kept, "quality.weight"):
        path = tmp_path / "mine.safetensors"
        write_model(
            path,
            {name: tensor for name, tensor in tensors.items() if name != lacking},
            DECLARATION,
            {name: value for name, value in kept.items() if name != lacking},
            {},
        )
        with pytest.raises(WeightsError, match=r"mine\.safetensors: not a model that `deepmse train finetune` wrote"):
            create(str(path))
