"""``deepmse bench steadiness``: what it prints and refuses. What it measures: test_steadiness.py of the engine."""

import pytest
from deepmse.plugin.engine.steadiness import CHANGES
from PIL import Image

from ....conftest import photo_like


@pytest.fixture
def folder(tmp_path):
    Image.fromarray(photo_like(0)).save(tmp_path / "one.png")
    return tmp_path


def test_it_prints_a_row_for_each_change(run, folder):
    result = run("bench", "steadiness", folder, "--json")
    assert result.status == 0, result.err
    assert [(row["metric"], row["change"], row["images"]) for row in result.json] == [
        ("nr", name, 1) for name in CHANGES
    ]
    assert all(0 <= row["median"] <= row["high"] < 50 for row in result.json)


def test_metrics_that_compare_and_folders_without_pictures_are_refused(run, folder, tmp_path):
    refused = run("bench", "steadiness", folder, "-m", "psnr")
    assert (refused.status, "PSNR compares a picture with a reference" in refused.err) == (2, True)
    (tmp_path / "empty").mkdir()
    refused = run("bench", "steadiness", tmp_path / "empty")
    assert (refused.status, "no pictures to score" in refused.err) == (2, True)
