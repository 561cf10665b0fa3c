"""Exported files: what they say of themselves, that they run without PyTorch, and that a wrong one is not written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from deepmse import score, score_pairs
from deepmse.plugin.engine import export as exporting
from deepmse.plugin.engine.export import CARD, SUFFIX, export, exportable
from deepmse.plugin.errors import OutputError
from deepmse.plugin.learning.finetuned.metric import windows
from deepmse.plugin.learning.gaussian_process.files import PACKAGED
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.metrics.base import Metric
from deepmse.plugin.weights import sha256
from deepmse.plugin.weights.published import EFFICIENTNET_LITE0
from PIL import Image

from ....conftest import photo_like

EXAMPLE, WINDOWS = re.findall(
    r"```python\n(.*?)```", (Path(__file__).parents[4] / "docs" / "onnx.md").read_text(), re.DOTALL
)

#: As on a machine that has onnxruntime and NumPy alone.
WITH_NUMPY_ALONE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("deepmse", "onnx", "onnxscript", "torch", "PIL", "scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("onnx")
    paths = {name: folder / f"{name}{SUFFIX}" for name in exportable()}
    for name, path in paths.items():
        export(name, path)
    return paths


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A picture and a noisy copy, as PNG files with arrays beside them."""
    clean = photo_like(1, 300, 260)
    noisy = (clean + np.random.default_rng(0).normal(0, 20, clean.shape)).clip(0, 255).astype(np.uint8)
    paths = [tmp_path / "clean.png", tmp_path / "noisy.png"]
    for path, pixels in zip(paths, (clean, noisy), strict=True):
        Image.fromarray(pixels).save(path)
        np.save(path.with_suffix(".npy"), pixels)
    return paths


def printed_by_example(model: Path, *pictures: Path) -> tuple[str, float, str]:
    """Title, score and direction."""
    arrays = [path.with_suffix(".npy") for path in pictures]
    command = [sys.executable, "-c", WITH_NUMPY_ALONE + EXAMPLE, model, *arrays]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    title, value, direction = re.fullmatch(r"(.+): (.+) \((.+) is better\)\n", done.stdout).groups()
    return title, float(value), direction


def card_in(path: Path) -> dict:
    return json.loads(onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map[CARD])


def test_the_example_of_the_docs_has_fifteen_lines_at_most():
    assert len(EXAMPLE.splitlines()) <= 15


def test_a_pair_scores_with_numpy_alone_as_its_files_do(exported, pictures):
    (found,) = score_pairs([pictures], ["deepmse"], device="cpu")
    title, value, direction = printed_by_example(exported["deepmse"], *pictures)
    assert (title, direction) == ("DeepMSE", "lower")
    assert value == pytest.approx(found.measurements["deepmse"].value, rel=1e-4)


def test_a_picture_scores_with_numpy_alone_as_its_file_does(exported, pictures):
    (found,) = score(pictures[1:], ["nr"], device="cpu")
    title, value, direction = printed_by_example(exported["nr"], pictures[1])
    assert (title, direction) == ("NR", "higher")
    assert value == pytest.approx(found.measurements["nr"].value, rel=1e-4)


@pytest.mark.parametrize("size", [(100, 90), (224, 224), (300, 500), (230, 1500)])
def test_the_docs_cut_windows_as_the_metric_does(size):
    import torch

    scope: dict = {}
    exec(WINDOWS, scope)
    picture = photo_like(0, *size)
    expected = torch.stack(windows(torch.from_numpy(picture).permute(2, 0, 1), 224)).numpy()
    np.testing.assert_array_equal(scope["windows"](picture, 224), expected)


def test_the_card_says_direction_range_inputs_and_where_the_parameters_are_from(exported):
    card = card_in(exported["nr"])
    info = metric_info("nr")
    assert (card["lower_is_better"], card["range"], card["licence"]) == (False, [0, 100], info.licence)
    assert card["inputs"]["image"]["shape"] == ["batch", 3, "height", "width"]
    assert card["inputs"]["image"]["type"] == "uint8"
    assert list(card["outputs"]) == ["score", "deviation", "percentile"]
    assert "224" in card["preprocessing"]
    assert card["source"]["model"]["sha256"] == sha256(PACKAGED)
    assert card["source"]["weights"]["sha256"] == EFFICIENTNET_LITE0.sha256
    assert 0 < card["checked"]["largest_relative_difference"] < 1e-4


def test_the_card_of_an_unbounded_range_is_json_and_names_the_preset(tmp_path):
    card = export("deepmse", tmp_path / "pools.onnx", preset="pools", policy="native")
    assert card == card_in(tmp_path / "pools.onnx")
    assert (card["lower_is_better"], card["range"]) == (True, [0, None])
    assert (card["source"]["preset"], card["policy"]["name"]) == ("pools", "native")
    assert card["inputs"]["reference"]["shape"] == ["batch", 3, "height", "width"]
    assert "pool5" in card["outputs"]["stages"]["is"]


def test_every_metric_that_declares_a_graph_has_one_and_no_other():
    assert exportable() == ("deepmse", "nr", "nr-1", "nr-free")
    for name in exportable():
        assert type(create(name, device="cpu")).graph is not Metric.graph
    assert type(create("psnr", device="cpu")).graph is Metric.graph


def test_a_graph_that_is_not_the_metric_is_not_written(tmp_path, monkeypatch):
    graph_of = exporting.create

    def disturbed(name, **settings):
        metric = graph_of(name, **settings)
        graph = metric.graph()
        metric.model.layers[0].weight.mul_(1.001)
        monkeypatch.setattr(metric, "graph", lambda: graph)
        return metric

    monkeypatch.setattr(exporting, "create", disturbed)
    out = tmp_path / "wrong.onnx"
    with pytest.raises(OutputError, match=r"nothing is written, .* from PyTorch's"):
        export("deepmse", out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("found", "wanted", "difference"),
    [
        ([50.01, 20.0], [50.0, 20.0], 2e-4),
        ([0.0], [0.0], 0),
        # A score next to nothing on a scale of 100 is not asked for more digits than others.
        ([0.00011], [0.0001], 1e-5),
        ([1.0, 1.0], [1.0], np.inf),
    ],
)
def test_differences_are_relative_to_the_outputs_or_to_a_hundredth_of_the_scale(found, wanted, difference):
    relative = exporting._relative(np.array(found), np.array(wanted), least=1.0)
    assert relative == pytest.approx(difference, rel=1e-6)


def test_an_output_that_is_no_number_is_beyond_any_tolerance():
    assert not exporting._relative(np.array([np.nan]), np.array([1.0]), 1.0) <= exporting.TOLERANCE
