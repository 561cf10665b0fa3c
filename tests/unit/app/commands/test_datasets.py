"""The commands on published and made datasets, as far as they need no FiftyOne."""

import csv
from pathlib import Path

import pytest
from deepmse.plugin.datasets import DATASETS, dataset_info, load
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS
from deepmse.plugin.engine.score_tables import items
from deepmse.plugin.tables import read_table
from PIL import Image

from ....conftest import photo_like
from ... import layouts


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(2):
        Image.fromarray(photo_like(index, 48, 40)).save(folder / f"{index}.png")
    return folder


def first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines()[1:] if line.strip()]


def test_datasets_are_listed(run):
    result = run("datasets")
    assert result.status == 0
    assert set(DATASETS) <= set(first_words(result.out))
    (kadid,) = [line for line in result.out.splitlines() if line.startswith("kadid10k")]
    assert "10125" in kadid
    assert "mean of degradation category ratings, higher is" in kadid


def test_unknown_datasets_and_folders_are_wrong_usage(run, tmp_path):
    unknown = run("check", "tid2031", tmp_path)
    assert (unknown.status, unknown.out) == (2, "")
    assert "unknown dataset 'tid2031'" in unknown.err
    nowhere = run("check", "kadid10k", tmp_path / "nowhere")
    assert nowhere.status == 2
    assert "nowhere" in nowhere.err


class TestCheck:
    def test_a_clean_copy_is_status_0(self, run, tmp_path):
        layouts.build("folder", tmp_path / "images")
        result = run("check", "folder", tmp_path / "images", "--json")
        assert result.status == 0
        assert {finding["severity"] for finding in result.json["findings"]} == {"note"}
        assert "clean" in run("check", "folder", tmp_path / "images").out

    def test_findings_are_status_1_and_the_same_in_words_and_json(self, run, tmp_path):
        made = layouts.build("folder", tmp_path / "images")
        made.records[0].dist.write_bytes(b"[no] image")
        result = run("check", "folder", tmp_path / "images", "--json")
        assert result.status == 1
        assert [(each["kind"], each["files"]) for each in result.json["findings"]] == [
            ("unreadable", ["01.png"]),
            # That there are no scores, and what else lies in the folder.
            ("fact", []),
            ("fact", []),
        ]
        assert result.json["findings"][0]["effect"]
        words = run("check", "folder", tmp_path / "images")
        assert words.status == 1
        for finding in result.json["findings"]:
            assert finding["message"] in words.out.replace("\n", " ")


class TestSynth:
    def test_types_are_listed_without_folders(self, run):
        result = run("synth", "--types", "list")
        assert result.status == 0
        assert first_words(result.out)[-len(DISTORTIONS) :] == list(DISTORTIONS)
        swinging = [line.split()[0] for line in result.out.splitlines() if " no " in line]
        assert swinging == ["mean_shift", "contrast_change"]

    def test_the_manifest_is_taken_by_load_and_by_score(self, run, photos, tmp_path):
        out = tmp_path / "[set] of mine"
        result = run("synth", photos, out, "--types", "jpeg, pixelate", "--levels", "1,5", "--workers", "1")
        assert result.status == 0
        assert result.out.replace("\n", " ").startswith("8 images; score them with: deepmse score ")
        assert str(out / "manifest.csv") in result.out
        assert "not how bad it looks" in result.err
        manifest = read_table(out / "manifest.csv")
        assert [(row["distortion"], row["level"]) for row in manifest.rows] == [
            (distortion, level)
            for _ in range(2)
            for distortion in ("JPEG compression", "pixelation")
            for level in "15"
        ]
        pairs = items(manifest)
        assert all(Path(item.dist).is_file() and Path(item.ref).is_file() for item in pairs)
        quality = load("csv", out)
        assert [record.dist for record in quality.records] == [item.dist for item in pairs]
        assert (quality.target_field, quality.target_lower_is_better) == ("level", True)
        assert [record.target for record in quality.records] == [int(row["level"]) for row in manifest.rows]

    def test_a_set_can_be_scored(self, run, photos, tmp_path):
        assert (
            run("synth", photos, tmp_path / "set", "--types", "jpeg", "--levels", "5", "--workers", "1").status == 0
        )
        scored = run("score", tmp_path / "set" / "manifest.csv", "--device", "cpu")
        assert scored.status == 0
        assert [float(row["deepmse"]) > 0 for row in scored.rows] == [True, True]

    @pytest.mark.parametrize(
        ("option", "value", "said"),
        [
            ("--types", "jpg", "jpg"),
            ("--levels", "6", "6"),
            ("--levels", "one", "whole numbers"),
            ("--seed", "-1", "--seed"),
            ("--workers", "0", "--workers"),
        ],
    )
    def test_wrong_settings_are_status_2_and_write_nothing(self, run, photos, tmp_path, option, value, said):
        result = run("synth", photos, tmp_path / "set", option, value)
        assert (result.status, result.out) == (2, "")
        assert said in result.err
        assert not (tmp_path / "set").exists()

    def test_a_photograph_left_out_is_named(self, run, photos, tmp_path):
        (photos / "broken.png").write_bytes(b"no image")
        result = run("synth", photos, tmp_path / "set", "--types", "jpeg", "--levels", "1", "--workers", "1")
        assert result.status == 0
        assert "broken.png was left out" in result.err
        assert len(list(csv.DictReader((tmp_path / "set" / "manifest.csv").open(newline="")))) == 2


class TestLoad:
    def test_a_table_has_a_row_an_image_and_the_columns_that_the_dataset_has(self, run, tmp_path):
        made = layouts.build("kadid10k", tmp_path / "kadid10k")
        result = run("load", "kadid10k", tmp_path / "kadid10k", "-o", tmp_path / "pairs.csv")
        assert result.status == 0
        table = read_table(tmp_path / "pairs.csv")
        assert table.columns == ("dist", "ref", "distortion", "level", dataset_info("kadid10k").target_field)
        assert [Path(row["dist"]) for row in table.rows] == [record.dist.resolve() for record in made.records]
        assert table.numbers(dataset_info("kadid10k").target_field) == [record.target for record in made.records]

    def test_the_opinion_is_called_so_that_its_name_says_which_way_it_points(self, run, tmp_path):
        layouts.build("csiq", tmp_path / "csiq")
        assert run("load", "csiq", tmp_path / "csiq", "-o", tmp_path / "pairs.csv").status == 0
        assert "dmos" in read_table(tmp_path / "pairs.csv").columns

    def test_a_table_or_a_dataset_and_not_both(self, run, tmp_path):
        assert run("load", "folder", tmp_path, "-o", tmp_path / "pairs.csv", "--dataset", "name").status == 2
