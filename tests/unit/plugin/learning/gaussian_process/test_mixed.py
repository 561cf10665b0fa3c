"""Labels by likeness, sets that are made once, and training on several kinds of pictures."""

import json
from dataclasses import replace

import numpy as np
import pytest
from deepmse.plugin.learning.gaussian_process import mixed, synthetic
from deepmse.plugin.learning.gaussian_process.design import Recipe
from deepmse.plugin.learning.gaussian_process.likeness import BEST, HALFWAY, LikenessScale, likeness, opinion
from deepmse.plugin.learning.gaussian_process.mixed import Part
from deepmse.plugin.learning.gaussian_process.synthetic import Source, make
from deepmse.plugin.learning.regressors import Hyperparameters
from PIL import Image
from scipy.stats import spearmanr

from .....conftest import photo_like

SIZES = {"block0": 12, "pixels": 20}
RECIPE = Recipe(linear=(("block0",), ("pixels",)), curved=(("block0",), ("pixels",)), components=4, mirrored=False)
NUMBERS = Hyperparameters(matern=0.3, length=0.7, linear=0.6, noise=0.05)


def test_a_likeness_scale_finds_the_powers_that_made_the_opinions():
    rng = np.random.default_rng(0)
    haarpsi, mdsi = rng.uniform(0.2, 1, 200), rng.uniform(0, 0.6, 200)
    dmos = 120 * (1 - haarpsi) ** 0.6
    scale = LikenessScale.fit(haarpsi, mdsi, dmos)
    assert scale.haarpsi == pytest.approx((120, 0.6), rel=1e-3)
    other = LikenessScale.fit(haarpsi, mdsi, 200 * mdsi**1.5)
    assert other.mdsi == pytest.approx((200, 1.5), rel=1e-3)
    np.testing.assert_allclose(
        LikenessScale((120, 0.6), (200, 1.5)).dmos(haarpsi, mdsi), 60 * (1 - haarpsi) ** 0.6 + 100 * mdsi**1.5
    )


def test_opinion_falls_from_the_best_by_half_at_halfway():
    values = opinion(np.array([-3.0, 0.0, HALFWAY, 60.0, 105.0]))
    assert values[0] == values[1] == BEST
    assert values[2] == BEST / 2
    assert (np.diff(values[1:]) < 0).all()
    assert 0 < values[-1] < 10


def test_a_picture_is_as_like_its_original_as_can_be_and_less_when_distorted():
    pytest.importorskip("piq")
    photo = np.array(photo_like(0, 96, 96))
    noise = np.random.default_rng(0).normal(0, 30, photo.shape)
    compare = likeness()
    same, noisy = compare(photo, photo), compare(photo, np.clip(photo + noise, 0, 255).astype(np.uint8))
    assert same == pytest.approx({"haarpsi": 1, "mdsi": 0}, abs=1e-3)
    assert noisy["haarpsi"] < 0.9
    assert noisy["mdsi"] > 0.2


@pytest.fixture
def sources(tmp_path):
    pytest.importorskip("piq")
    found = []
    for name, pictures in (("one", 4), ("two", 2)):
        Image.fromarray(photo_like(pictures, 64, 80)).save(tmp_path / f"{name}.png")
        found.append(Source(name, tmp_path / f"{name}.png", pictures))
    return found


def test_a_set_has_the_clean_photographs_and_what_was_drawn_with_likeness(sources, tmp_path):
    pictures = make(sources, tmp_path / "out")
    assert sorted(each.path.name for each in pictures) == [f"one_00{n}.png" for n in range(4)] + [
        "two_000.png",
        "two_001.png",
    ]
    assert all(each.path.is_file() for each in pictures)
    for each in pictures:
        if each.path.stem.endswith("_000"):
            assert each.clean
            assert (each.haarpsi, each.mdsi) == pytest.approx((1, 0), abs=1e-3)


def test_pictures_that_are_not_needed_are_not_made(sources, tmp_path):
    every, later = (make([replace(sources[1], first=first)], tmp_path / str(first)) for first in (0, 1))
    assert [each.path.name for each in later] == ["two_001.png"]
    assert (later[0].draw, later[0].mdsi) == (every[1].draw, every[1].mdsi)


def test_a_set_that_was_interrupted_ends_as_one_that_was_not(sources, tmp_path, monkeypatch):
    whole = make(sources, tmp_path / "whole")
    calls = []
    made = synthetic._made

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return made(*args)

    monkeypatch.setattr(synthetic, "_made", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make(sources, tmp_path / "again")
    table = tmp_path / "again" / "likeness.jsonl"
    table.write_text(table.read_text() + '{"file": "cut o')
    again = make(sources, tmp_path / "again")
    assert len(calls) == 4 + 3
    assert [(each.draw, each.haarpsi, each.mdsi) for each in again] == [
        (each.draw, each.haarpsi, each.mdsi) for each in whole
    ]
    assert [json.loads(line)["file"] for line in table.read_text().splitlines()] == [e.path.name for e in whole]


def made_part(name: str, n: int, seed: int, level: float = 0.0) -> Part:
    rng = np.random.default_rng(seed)
    features = rng.normal(level, 1, (n, 32)).astype(np.float32)
    latent = features[:, 0] + 0.7 * features[:, 13] + 0.3 * features[:, 1] ** 2 + rng.normal(0, 0.3, n)
    return Part(name, features, 100 / (1 + np.exp(-latent)), [f"{name}-{i // 2}" for i in range(n)], np.ones(n))


@pytest.fixture(scope="module")
def trained():
    parts = [made_part("authentic", 300, 0), made_part("synthetic", 200, 1, 0.5)]
    return mixed.train(parts, SIZES, RECIPE, NUMBERS, "0" * 64, examples=200)


def test_a_mixed_model_knows_pictures_of_each_kind_that_it_has_not_seen(trained):
    model, held_out = trained
    assert len(model.examples) == 200
    for name, level, seed in (("authentic", 0.0, 0), ("synthetic", 0.5, 1)):
        new = made_part(name, 200, 10 + seed, level)
        assert spearmanr(model(new.features).scores, new.opinions).statistic > 0.85
        old = made_part(name, 300 if name == "authentic" else 200, seed, level)
        assert spearmanr(held_out[name].scores, old.opinions).statistic > 0.85


def test_intervals_of_a_mixed_model_hold_on_each_kind(trained):
    model, held_out = trained
    for name, level in (("authentic", 0.0), ("synthetic", 0.5)):
        assert 0.9 < held_out[name].coverage < 0.995
        new = made_part(name, 400, 20, level)
        quality = model(new.features)
        assert 0.9 < np.mean(np.abs(quality.scores - new.opinions) < 1.96 * quality.deviations) < 0.995


def test_a_mixed_model_tells_pictures_of_other_kinds(trained):
    model, _ = trained
    domains = {
        level: list(model(made_part("authentic", 400, 30, level).features).domains or ()) for level in (0.0, 6.0)
    }
    assert domains[0.0].count("in") > 360
    assert domains[6.0].count("out") > 390


def test_scores_by_other_parts_are_of_a_model_without_the_part(trained):
    _, held_out = trained
    parts = [made_part("authentic", 300, 0), made_part("synthetic", 200, 1, 0.5)]
    for part in parts:
        found = held_out[part.name].by_others
        assert not np.array_equal(found, held_out[part.name].scores)
        assert spearmanr(found, part.opinions).statistic > 0.7
