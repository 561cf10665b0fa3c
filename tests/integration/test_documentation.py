"""What the documentation and the examples do with FiftyOne."""

import re
import runpy
from pathlib import Path

import fiftyone as fo
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.interface]


def test_the_example_scores_a_dataset_and_sorts_it(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["example"])
    values = runpy.run_path(str(ROOT / "examples" / "fiftyone_from_python.py"))
    try:
        scores = values["dataset"].values(["deepmse", "psnr", "nr"])
        assert all(score is not None for column in scores for score in column)
        assert values["worst"].first().radius == 4
        assert "DeepMSE" in capsys.readouterr().out
    finally:
        values["dataset"].delete()


@pytest.mark.parametrize(
    ("page", "name"), [("tutorials/clean-photographs", "my-photos"), ("how-to/fiftyone", "my-dataset")]
)
def test_code_of_the_documentation_runs(page, name, made_pairs):
    dataset = fo.Dataset(name)
    dataset.add_samples([fo.Sample(filepath=str(pair.dist), ref_path=str(pair.ref)) for pair in made_pairs])
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL)
    try:
        exec(compile(code, page, "exec"), {})
        assert len(dataset.exists("nr")) == len(made_pairs)
    finally:
        dataset.delete()
