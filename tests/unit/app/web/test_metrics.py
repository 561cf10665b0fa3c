"""Trained models on the page: offered by their files' names, and scoring as these do."""

import shutil

import pytest
from deepmse import score
from deepmse.app.web.metrics import Metrics, runnable
from deepmse.app.web.uploads import Picture
from deepmse.plugin.errors import UsageError
from deepmse.plugin.images import decode
from deepmse.plugin.learning.gaussian_process.files import PACKAGED
from deepmse.plugin.metrics import metric_info, register_model, registry

from .pictures import photo


@pytest.fixture(autouse=True)
def no_models(monkeypatch):
    monkeypatch.setattr(registry, "_MODELS", {})


def test_a_registered_model_is_offered_by_its_name_and_scores_as_its_file(tmp_path):
    model = tmp_path / "my-quality.safetensors"
    shutil.copy(PACKAGED, model)
    path = tmp_path / "picture.png"
    photo((160, 120)).save(path)
    assert register_model(model).name == "my-quality"
    assert "my-quality" in [info.name for info in runnable("NR")]
    assert "my-quality" not in [info.name for info in runnable("FR")]
    metrics = Metrics("nr", "NR", device="cpu")
    found = metrics(["my-quality"], Picture(path.name, str(path), decode(path)))
    (reading,) = found.others
    ((expected,),) = ([each.measurements["my-quality"].value] for each in score([path], [str(model)], device="cpu"))
    assert reading.metric == metric_info(str(model))
    assert reading.value == expected == found.main.value


def test_two_models_of_one_name_are_refused(tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        shutil.copy(PACKAGED, tmp_path / folder / "mine.safetensors")
    register_model(tmp_path / "one" / "mine.safetensors")
    register_model(tmp_path / "other" / ".." / "one" / "mine.safetensors")
    with pytest.raises(UsageError, match="both would be called mine; rename one"):
        register_model(tmp_path / "other" / "mine.safetensors")


def test_the_command_refuses_a_file_that_is_no_model_before_the_page_opens(run, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"no model")
    result = run("app", "--model", tmp_path / "mine.safetensors")
    assert result.status == 2
    assert "mine.safetensors" in result.err
