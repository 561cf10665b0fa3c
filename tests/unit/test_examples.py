"""The examples run as they stand, on pictures that packages ship."""

import json
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: In the integration tests, where FiftyOne's database is.
ELSEWHERE = {"fiftyone_from_python.py"}

pytestmark = pytest.mark.interface


@pytest.fixture(autouse=True)
def no_arguments(monkeypatch):
    monkeypatch.setattr("sys.argv", ["example"])


def test_deepmse_as_a_loss_brings_a_picture_nearer_to_its_original():
    values = runpy.run_path(str(EXAMPLES / "deepmse_as_a_loss.py"))
    noisy = values["original"] + 0.2 * values["torch"].randn_like(values["original"])
    metric, kept = values["metric"], values["kept"]
    assert metric.from_features(kept, values["picture"]) < metric.from_features(kept, noisy.clamp(0, 1))


def test_a_folder_is_scored_and_what_is_no_picture_said(capsys):
    scored = runpy.run_path(str(EXAMPLES / "score_a_folder.py"))["scored"]
    values = {name: value for value, name in scored}
    assert len(values) == 6
    for photo in ("china", "flower"):
        assert max(values[f"{photo}-blurred.png"], values[f"{photo}-compressed.jpg"]) < values[f"{photo}.png"]
    assert "broken.jpg: no score" in capsys.readouterr().out


def test_the_graph_says_what_deepmse_says(capsys):
    outputs = runpy.run_path(str(EXAMPLES / "onnx_without_torch.py"))
    assert outputs["outputs"]["score"][0] > 0
    assert "reduced 1 times: DeepMSE 0.0000" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["train_on_your_labels", "evaluate_two_metrics"])
def test_notebooks_run(name, capsys):
    cells = json.loads((EXAMPLES / f"{name}.ipynb").read_text())["cells"]
    assert not any(cell.get("outputs") for cell in cells)
    values: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), name, "exec"), values)
    printed = capsys.readouterr().out
    if name == "train_on_your_labels":
        sharp, *blurred = (
            score.measurements for score in values["deepmse"].score(values["paths"], [str(values["model"])])
        )
        assert all(next(iter(sharp.values())).value > next(iter(each.values())).value for each in blurred)
    else:
        assert {row.metric for row in values["result"].rows} == {"deepmse", "psnr"}
        assert "SRCC" in printed


def test_every_example_is_run():
    run = {"deepmse_as_a_loss.py", "score_a_folder.py", "onnx_without_torch.py"} | ELSEWHERE
    assert {path.name for path in EXAMPLES.glob("*.py")} == run
