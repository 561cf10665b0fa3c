"""``deepmse export``: what it prints, and what it refuses in words. What it writes: test_export.py of the engine."""

import sys

import pytest
from deepmse.plugin.learning.gaussian_process.files import PACKAGED


def test_it_writes_a_graph_and_prints_its_card(run, tmp_path):
    out = tmp_path / "new" / "deepmse.onnx"
    result = run("export", "deepmse", out, "--json")
    assert result.status == 0, result.err
    assert out.stat().st_size > 1_000_000
    assert result.json["name"] == "deepmse"
    assert "score (batch,), stages (batch, 5)" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deepmse", "out.pt"], "out.pt: graphs are written to a .onnx file"),
        (["nothing", "out.onnx"], "no metric 'nothing'; there are deepmse"),
        (["brisque", "out.onnx"], "what can: deepmse, nr, nr-1, nr-free, and trained models"),
        (["lost.safetensors", "out.onnx"], "lost.safetensors: no such model file"),
        (["nr", "out.onnx", "--preset", "pools"], "NR takes no preset"),
        (["deepmse", "out.onnx", "--preset", "none"], "no DeepMSE preset 'none'"),
        (["nr", "out.onnx", "--policy", "resize-256"], "NR: its graph is of pictures at native size"),
        (["deepmse", "folder.onnx"], "folder.onnx: cannot be written, it is a folder"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.onnx").mkdir()
    result = run("export", *arguments)
    assert result.status == 2
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.onnx"]


def test_a_folder_that_cannot_be_written_to_is_named_before_anything_is_computed(run, tmp_path, monkeypatch):
    monkeypatch.setattr("deepmse.plugin.engine.export.create", pytest.fail)
    (tmp_path / "file").touch()
    result = run("export", "deepmse", tmp_path / "file" / "out.onnx")
    assert result.status == 1
    assert f"nothing can be written in {tmp_path / 'file'}" in result.err


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_package_that_is_not_installed_is_named_with_its_extra(run, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    result = run("export", "deepmse", tmp_path / "out.onnx")
    assert result.status == 2
    assert f"exporting needs the package {package}: pip install 'fiftyone-deepmse[export]'" in result.err


def test_a_trained_model_is_exported_by_its_file(run, tmp_path):
    model = tmp_path / "mine.safetensors"
    model.write_bytes(PACKAGED.read_bytes())
    result = run("export", model, tmp_path / "mine.onnx", "--json")
    assert result.status == 0, result.err
    assert result.json["name"] == "mine"
    assert result.json["source"]["model"]["file"] == "mine.safetensors"
    assert "trainer's terms" in result.json["licence"]
