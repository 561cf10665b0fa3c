"""deepmse train nr --recipe packaged on a miniature of its inputs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from deepmse.plugin.learning.gaussian_process import files, packaged
from deepmse.plugin.learning.gaussian_process.features import PIXELS
from PIL import Image, ImageFilter

from ....conftest import photo_like


@pytest.fixture
def inputs(tmp_path):
    """BIQ2021's layout with pictures the more blurred the lower their opinion, two photographs, and a judged set."""
    pytest.importorskip("piq")
    images = tmp_path / "biq" / "Images"
    images.mkdir(parents=True)
    for part, numbers in (("Train", range(24)), ("Test", range(24, 32))):
        rows = ["Image Name,MOS"]
        for number in numbers:
            image = Image.fromarray(photo_like(number, 64, 64)).filter(ImageFilter.GaussianBlur(number % 4))
            image.save(images / f"ss01 ({number}).jpg", quality=98)
            rows.append(f"ss01 ({number}).jpg,{0.9 - 0.2 * (number % 4) + 0.001 * number}")
        (tmp_path / "biq" / f"{part} (Images and MOS).csv").write_text("\n".join(rows) + "\n")
    for folder in ("kodak", "bsds/train", "live/ref", "live/dist"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("01", "06"):
        Image.fromarray(photo_like(int(name) + 40, 96, 64)).save(tmp_path / "kodak" / f"{name}.png")
    Image.fromarray(photo_like(50, 96, 64)).save(tmp_path / "bsds" / "train" / "8049.jpg", quality=95)
    rows = ["dist_img,ref_img,distortion,dmos,dmos_std,n_live_entries"]
    for ref in ("sailing1", "monarch"):
        photo = Image.fromarray(photo_like(60 + len(ref), 96, 64))
        photo.save(tmp_path / "live" / "ref" / f"{ref}.png")
        for radius in (1, 2, 3):
            name = f"{ref}_gblur_img{radius}.png"
            photo.filter(ImageFilter.GaussianBlur(radius)).save(tmp_path / "live" / "dist" / name)
            rows.append(f"{name},{ref}.png,gblur,{25 * radius},2,1")
    (tmp_path / "live" / "dmos.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.fixture
def small(monkeypatch):
    recipe = replace(
        packaged.RECIPE, linear=(("block0", "block3"), (PIXELS,)), curved=(("block3",), (PIXELS,)), components=3
    )
    for name, value in (
        ("RECIPE", recipe),
        ("OF_KODAK", 5),
        ("OF_KODAK_ALONE", 12),
        ("OF_BSDS", 2),
        ("BEST", 3),
        ("OF_BEST", 3),
    ):
        monkeypatch.setattr(packaged, name, value)


def arguments(folder):
    return (
        *("train", "nr", "biq2021", folder / "biq", "--recipe", "packaged", "--work", folder / "work"),
        *(
            "--kodak",
            folder / "kodak",
            "--bsds",
            folder / "bsds",
            "--live",
            folder / "live",
            "-o",
            folder / "nr.safetensors",
        ),
    )


def test_the_packaged_recipe_makes_a_model_and_its_card_and_goes_on_where_it_ended(run, inputs, small, monkeypatch):
    result = run(*arguments(inputs))
    assert result.status == 0
    card = json.loads((inputs / "nr.json").read_text())
    results = card["results"]
    assert [card["data"][part]["images"] for part in ("authentic", "synthetic", "judged")] == [24, 17, 6]
    assert results["test"]["images"] == 8
    assert results["test"]["srcc"] > 0.5
    assert all("coverage_of_95_percent_intervals" in results[part] for part in ("authentic", "synthetic", "judged"))
    model = files.load(inputs / "nr.safetensors")
    assert PIXELS in model.sizes

    def none_left(paths, *_, **__):
        assert not list(paths), "features were computed twice"
        return iter(())

    before = (inputs / "nr.safetensors").read_bytes()
    monkeypatch.setattr("deepmse.plugin.learning.gaussian_process.extraction.views", none_left)
    assert run(*arguments(inputs)).status == 0
    assert (inputs / "nr.safetensors").read_bytes() == before


def test_the_free_recipe_learns_from_kodak_and_live_alone(run, inputs, small):
    given = ("train", "nr", inputs / "kodak", "--recipe", "free", "--live", inputs / "live")
    out = ("--work", inputs / "work", "-o", inputs / "free.safetensors")
    result = run(*given, *out)
    assert result.status == 0, result.err
    card = json.loads((inputs / "free.json").read_text())
    assert {part: of["images"] for part, of in card["data"].items()} == {"synthetic": 24, "judged": 6}
    assert set(card["results"]) == {"protocol", "synthetic", "judged"}
    assert card["hyperparameters"] != vars(packaged.HYPERPARAMETERS)
    scored = run("score", inputs / "live" / "dist", "-m", inputs / "free.safetensors")
    assert all(0 <= float(row["free"]) <= 100 for row in scored.rows)
    for wrong in (given, (*given, *out, "--bsds", inputs / "bsds")):
        refused = run(*wrong)
        assert (refused.status, "the recipe free takes: KODAK24" in refused.err) == (2, True)


def test_a_live_reference_that_is_a_kodak_photograph_is_one_source_with_it(inputs):
    from deepmse.plugin import datasets

    live = datasets.load("live_subset", inputs / "live")
    part = packaged.judged_part(live, np.zeros((6, 1), np.float32))
    assert sorted(set(part.sources)) == ["kodak-06", "live-monarch"]


def test_clean_photographs_that_have_an_opinion_are_not_learnt_twice(inputs):
    from deepmse.plugin.datasets.synthesis.mixtures import Draw
    from deepmse.plugin.learning.gaussian_process.likeness import LikenessScale
    from deepmse.plugin.learning.gaussian_process.synthetic import Picture

    def picture(source, scale, steps=()):
        return Picture(inputs / "x.png", source, Draw(scale, steps, 0), 1.0, 0.0)

    made = [
        picture("biq-00001", 1.0),
        picture("biq-00001", 0.7),
        picture("kodak-01", 1.0),
        picture("biq-00001", 1.0, (("darken", 0.3),)),
    ]
    part = packaged.synthetic_part(made, LikenessScale((100, 1), (100, 1)), np.arange(4.0, dtype=np.float32)[:, None])
    assert part.features[:, 0].tolist() == [1, 2, 3]
    assert part.doubts.tolist() == [1, 1, packaged.DOUBT_OF_DOUBTFUL]


@pytest.mark.parametrize("left_out", ["--kodak", "--bsds", "--live", "--work"])
def test_the_packaged_recipe_says_what_it_takes(run, inputs, left_out):
    given = list(arguments(inputs))
    at = given.index(left_out)
    result = run(*given[:at], *given[at + 2 :])
    assert result.status == 2
    assert (
        "the packaged recipe takes: biq2021 ROOT --kodak FOLDER --bsds FOLDER --live FOLDER --work FOLDER"
        in " ".join(result.err.split())
    )
