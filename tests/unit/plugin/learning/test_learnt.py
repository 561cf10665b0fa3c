"""What a model learnt from is known again, saved anew or not, and other pictures are not taken for it."""

from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.learning.learnt import fingerprint, learnt_from, remember
from PIL import Image
from scipy.fft import dct

from ....conftest import photo_like


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for seed in range(6):
        paths.append(tmp_path / f"{seed}.png")
        Image.fromarray(photo_like(seed)).save(paths[-1])
    return paths


@pytest.fixture
def model(tmp_path: Path, pictures: list[Path]) -> Path:
    """A model that learnt from the first three of the pictures."""
    remember(tmp_path / "mine.safetensors", pictures[:3])
    return tmp_path / "mine.safetensors"


def test_training_images_are_known_and_others_are_not(model, pictures):
    assert learnt_from(str(model), pictures).tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize("scale", [1, 0.5, 1.5])
def test_a_copy_that_was_saved_anew_is_known(model, pictures, tmp_path, scale):
    copies = []
    for path in pictures:
        copies.append(tmp_path / f"{path.stem}.jpg")
        image = Image.open(path)
        image.resize((round(image.width * scale), round(image.height * scale))).save(copies[-1], quality=75)
    assert learnt_from(str(model), copies).tolist() == [True] * 3 + [False] * 3


def test_the_signs_are_those_of_a_plain_cosine_transform(pictures):
    grey = np.asarray(Image.open(pictures[0]).convert("L").resize((32, 32), Image.Resampling.BOX), float)
    lowest = dct(dct(grey, axis=0), axis=1)[:8, :8].flatten()
    signs = lowest > np.median(lowest[1:])
    assert np.unpackbits(fingerprint(pictures[0])[8:]).tolist() == signs.astype(int).tolist()


def test_what_cannot_be_read_is_not_among_them(model, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert learnt_from(str(model), [tmp_path / "broken.png", tmp_path / "nowhere.png"]).tolist() == [False, False]


@pytest.mark.parametrize("metric", ["psnr", "nowhere.safetensors"])
def test_nothing_is_said_where_nothing_is_known(metric, pictures):
    assert learnt_from(metric, pictures) is None


def test_the_packaged_model_knows_what_it_learnt_from(test_data, pictures):
    photographs = sorted((test_data / "data" / "biq2021_train2000" / "images").iterdir())[:20]
    clean = sorted((test_data / "data" / "kodak24").glob("*.png"))[:4]
    assert learnt_from("nr", [*photographs, *clean]).all()
    assert not learnt_from("nr", pictures).any()
    assert learnt_from("nr-1", photographs).all()
    assert not learnt_from("nr-1", clean).any()
    assert learnt_from("nr-free", clean).all()
    assert not learnt_from("nr-free", photographs).any()
