"""The packaged no-reference model, and training one's own on the command line."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.learning.gaussian_process import files as nr_files
from deepmse.plugin.learning.gaussian_process.features import (
    LONGEST,
    SHORTEST,
    FeatureNetwork,
    at_working_size,
    columns,
)
from deepmse.plugin.metrics import create
from deepmse.plugin.metrics.models import GRADES
from deepmse.plugin.tables import read_table
from deepmse.plugin.weights.published import EFFICIENTNET_LITE0
from PIL import Image, ImageFilter
from scipy.stats import spearmanr
from sklearn.datasets import load_sample_image

from .....conftest import photo_like


@pytest.fixture(scope="module")
def metric():
    return create("nr")


def as_tensor(image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]


def test_it_scores_from_0_to_100_with_deviation_percentile_and_grade(metric):
    found = metric.assess(as_tensor(photo_like(0, 256, 240)))
    score, deviation, percentile = (float(each[0]) for each in (found.scores, found.deviations, found.percentiles))
    assert 0 <= score <= 100
    assert 1 < deviation < 40
    assert 0 <= percentile <= 100
    assert metric.grade(score) == metric.info.grades[min(int(score // 20), 4)]


def test_grades_are_fifths_of_the_scale(metric):
    edges = [0, 19.99, 20, 40, 60, 79.9, 80, 100]
    assert [metric.grade(score) for score in edges] == ["bad", "bad", "poor", "fair", "good", "good"] + [
        "excellent"
    ] * 2
    assert metric.info.grades == GRADES


def test_a_score_does_not_depend_on_the_batch(metric):
    images = torch.cat([as_tensor(photo_like(seed, 250, 230)) for seed in range(3)])
    together = metric.assess(images)
    for index in range(3):
        alone = metric.assess(images[index : index + 1])
        for name in ("scores", "deviations", "percentiles"):
            assert getattr(together, name)[index] == getattr(alone, name)[0]


@pytest.mark.parametrize("size", [(32, 32), (32, 300), (1200, 40), (1500, 1100)])
def test_images_of_any_size_have_scores(metric, size):
    found = metric.assess(as_tensor(photo_like(1, *size)))
    assert 0 <= float(found.scores) <= 100


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((512, 512), (512, 512)),
        ((SHORTEST, LONGEST), (SHORTEST, LONGEST)),
        ((32, 32), (SHORTEST, SHORTEST)),
        ((100, 300), (224, 672)),
        ((40, 2000), (20, 1024)),
        ((40, 1000), (41, 1024)),
        ((3000, 4000), (768, 1024)),
    ],
)
def test_images_keep_their_shape_at_the_working_size(size, expected):
    assert at_working_size(torch.zeros(1, 3, *size, dtype=torch.uint8)).shape[-2:] == expected


def test_features_are_the_taps_in_the_order_asked_for():
    image = as_tensor(photo_like(2, 224, 224))
    all_taps, one = FeatureNetwork(("block3", "stem"), "mean+std"), FeatureNetwork(("stem",), "mean+std")
    assert all_taps.sizes() == {"block3": 80, "stem": 64}
    np.testing.assert_array_equal(all_taps(image)[:, 80:], one(image))
    np.testing.assert_array_equal(columns(all_taps.sizes(), ("stem",)), np.arange(80, 144))


def test_damaged_photographs_score_lower(metric):
    for photo in (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()):
        clean = Image.fromarray(photo)
        noisy = np.array(clean) + np.random.default_rng(0).normal(0, 40, (*clean.size[::-1], 3))
        score, blurred, noised = (
            float(metric.assess(as_tensor(image)).scores)
            for image in (clean, clean.filter(ImageFilter.GaussianBlur(4)), np.clip(noisy, 0, 255).astype(np.uint8))
        )
        assert blurred < score - 10
        assert noised < score - 5


def test_the_first_model_is_still_there(metric):
    first = create("nr-1")
    card = json.loads(nr_files.FIRST.with_suffix(".json").read_text())
    assert card["data"]["name"] == "biq2021_train2000"
    assert first.describe()["model"]["file"] == "nr-1.safetensors"
    image = as_tensor(skimage.data.coffee())
    assert float(first.assess(image).scores) != float(metric.assess(image).scores)


def test_the_free_model_learnt_from_kodak_and_live_alone_and_falls_with_distortion():
    free = create("nr-free")
    card = json.loads(nr_files.FREE.with_suffix(".json").read_text())
    assert {part: of["images"] for part, of in card["data"].items()} == {"synthetic": 1440, "judged": 79}
    for photo in (skimage.data.coffee(), load_sample_image("china.jpg")):
        for kind in ("gaussian_blur", "jpeg", "white_noise"):
            bad = DISTORTIONS[kind](photo, 5, np.random.default_rng(0))
            clean, worst = (float(free.assess(as_tensor(pixels)).scores) for pixels in (photo, bad))
            assert worst < clean - 15, kind


def test_the_packaged_model_is_small_and_its_card_says_what_it_is(metric):
    assert nr_files.PACKAGED.stat().st_size <= 6 * 2**20
    card = json.loads(nr_files.PACKAGED.with_suffix(".json").read_text())
    assert card["network"]["sha256"] == EFFICIENTNET_LITE0.sha256 == nr_files.load().network_sha256
    images = {name: part["images"] for name, part in card["data"].items()}
    assert images["authentic"] == 10000
    assert images["judged"] == 79
    assert all("not redistributed" in card["data"][part]["distribution"] for part in ("authentic", "judged"))
    for part, least in (("authentic", 0.86), ("synthetic", 0.8), ("judged", 0.7), ("test", 0.85)):
        results = card["results"][part]
        low, high = results["intervals_95"]["srcc"]
        assert least < low < results["srcc"] < high < 0.99
        if part in ("authentic", "synthetic"):
            assert 0.92 <= results["coverage_of_95_percent_intervals"] <= 0.97
    assert metric.describe()["model"]["file"] == "nr.safetensors"


@pytest.mark.parametrize("kind", ["jpeg", "white_noise", "gaussian_blur"])
def test_it_finds_the_worst_level_of_a_distortion_bad_and_good_photographs_good(metric, kind):
    """Photographs of scikit-image and scikit-learn, which nothing was learnt from."""
    photos = [skimage.data.chelsea(), skimage.data.coffee(), load_sample_image("china.jpg")]
    clean, worst = (
        np.mean([float(metric.assess(as_tensor(pixels)).scores) for pixels in pictures])
        for pictures in (photos, [DISTORTIONS[kind](photo, 5, np.random.default_rng(0)) for photo in photos])
    )
    assert clean >= 70
    assert worst <= 25


def test_photographs_are_of_its_domain_and_a_page_of_text_is_not(metric):
    page = np.stack([skimage.data.page()] * 3, -1)
    assert metric.assess(as_tensor(load_sample_image("china.jpg"))).domains == ["in"]
    assert metric.assess(as_tensor(page)).domains == ["out"]
    assert create("nr-1").assess(as_tensor(skimage.data.coffee())).domains is None


def test_a_model_of_another_network_is_refused(tmp_path):
    model = nr_files.load()
    model.network_sha256 = "f" * 64
    nr_files.save(model, tmp_path / "other.safetensors", {})
    with pytest.raises(WeightsError, match="was trained on network weights of SHA-256 ffff"):
        create("nr", weights=tmp_path / "other.safetensors")


@pytest.fixture
def labels(tmp_path):
    """Thirty pictures with labels that say how little they are blurred, and one that is no picture."""
    rows = []
    for index in range(30):
        image = Image.fromarray(photo_like(index % 10, 64, 64)).filter(ImageFilter.GaussianBlur(index // 10))
        image.save(tmp_path / f"{index}.png")
        rows.append((f"{index}.png", 5 - index // 10 - index % 10 / 100, index % 10))
    (tmp_path / "broken.png").write_text("no picture")
    path = tmp_path / "labels.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("dist", "sharpness", "ref"), *rows, ("broken.png", 3, "")])
    return path


def test_a_model_trained_on_ones_own_labels_scores_as_a_metric(run, labels, tmp_path):
    model = tmp_path / "sharp.safetensors"
    features = tmp_path / "features.npz"
    arguments = ("train", "nr", labels, "--target", "sharpness", "-o", model, "--features", features)
    result = run(*arguments, "--json")
    assert result.status == 0, result.err
    assert "left out" in result.err
    assert "broken.png" in result.err
    card = result.json
    assert card["data"]["images"] == 30
    assert card["results"]["srcc"] > 0.6
    assert json.loads(model.with_suffix(".json").read_text()) == card

    # With the features kept, the same model comes without looking at a picture.
    first = model.read_bytes()
    (tmp_path / "0.png").unlink()
    unseen = tmp_path / "unseen.csv"
    assert run(*arguments, "--cross-validated", unseen).status == 0
    assert model.read_bytes() == first
    rows = read_table(unseen).rows
    assert [Path(row["dist"]).name for row in rows] == [f"{index}.png" for index in range(30)]
    assert [float(row["opinion"]) for row in rows[::29]] == pytest.approx([100, 0])
    said, opinions = ([float(row[name]) for row in rows] for name in ("score", "opinion"))
    assert spearmanr(said, opinions).statistic == pytest.approx(card["results"]["srcc"], abs=1e-6)
    Image.fromarray(photo_like(0, 64, 64)).save(tmp_path / "0.png")

    scored = run("score", labels, "-m", model)
    assert scored.status == 3, scored.err
    scores = [float(row["sharp"]) for row in scored.rows[:30]]
    assert np.mean(scores[:10]) > np.mean(scores[20:]) + 20


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--target", "mos"), "no column 'mos'"),
        (("--target", "sharpness", "-o", "model.pt"), "ends in .safetensors"),
        (("--target", "sharpness", "--scale", "4", "5"), "far outside the scale 4 to 5"),
    ],
)
def test_wrong_usage_of_training_is_said(run, labels, arguments, reason):
    result = run("train", "nr", labels, *arguments)
    assert result.status == 2
    assert reason in " ".join(result.err.split())
