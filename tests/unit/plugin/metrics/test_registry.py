"""What trained models may be called, and metrics that would share a column."""

import shutil
from pathlib import Path

import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.gaussian_process.files import PACKAGED
from deepmse.plugin.metrics import distinct, metric_info

from ....conftest import photo_like


@pytest.mark.parametrize(
    "name",
    [
        *("dist", "ref", "error", "mos", "dmos", "level", "id", "filepath", "tags", "metadata", "Mos", "ERROR"),
        *(
            "nr",
            "deepmse",
            "ms_ssim",
            "nr_error",
            "mine_std",
            "mine_grade",
            "mine_map",
            "mine_stages",
            "x_percentile",
            "x_domain",
        ),
        *("_x", "1a", "a b", "ä", "a.b"),
    ],
)
def test_a_models_name_means_nothing_else(name):
    with pytest.raises(UsageError, match="scores are named after the model's file"):
        metric_info(f"{name}.safetensors")


@pytest.mark.parametrize(("name", "field"), [("my-model", "my_model"), ("Sharp2", "Sharp2")])
def test_other_names_are_columns(tmp_path, name, field):
    path = shutil.copy(PACKAGED, tmp_path / f"{name}.safetensors")
    assert metric_info(str(path)).field == field


@pytest.mark.parametrize("other", ["b/mine.safetensors", "mine.safetensors"])
def test_two_models_of_one_column_are_refused_and_neither_is_dropped(run, tmp_path, other):
    from PIL import Image

    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(PACKAGED, tmp_path / folder / "mine.safetensors")
    shutil.copy(PACKAGED, tmp_path / "mine.safetensors")
    Image.fromarray(photo_like(0)).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("dist\na.png\n")
    first = str(tmp_path / "a" / "mine.safetensors")
    result = run("score", tmp_path / "t.csv", "-m", first, "-m", tmp_path / other)
    assert result.status == 2
    assert "both would score into mine; rename one of them" in " ".join(result.err.split())
    assert distinct([first, first, "psnr", "psnr"]) == (first, "psnr")
    assert distinct([first, str(Path(first).parent / ".." / "a" / "mine.safetensors")]) == (first,)


def test_a_model_is_not_trained_under_such_a_name(run, tmp_path):
    (tmp_path / "t.csv").write_text("dist,mos\na.png,1\n")
    result = run("train", "nr", tmp_path / "t.csv", "-o", tmp_path / "error.safetensors")
    assert result.status == 2
    assert "rename it" in " ".join(result.err.split())
