"""What version 0.1 made still loads: a dataset with scores, runs and a trained model's field."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from deepmse.plugin.store import declared_target, score_fields
from scipy import stats

from .panel_app import App

KEPT = Path(__file__).parent / "kept"


@pytest.fixture
def kept() -> Iterator[fo.Dataset]:
    name = f"deepmse-test-kept-{os.getpid()}"
    dataset = fo.Dataset.from_dir(str(KEPT), dataset_type=fo.types.FiftyOneDataset, name=name, rel_dir="/photos")
    yield dataset
    dataset.delete()


def test_its_target_and_its_scores_are_known_with_their_directions(kept):
    target = declared_target(kept)
    assert (target.field, target.lower_is_better, target.range) == ("dmos", True, (0, 9))
    found = score_fields(kept)
    assert {name: (info.kind, info.lower_is_better) for name, info in found.items()} == {
        "deepmse": ("FR", True),
        "psnr": ("FR", False),
        "nr": ("NR", False),
        "mine": ("NR", False),
    }


def test_its_scores_are_evaluated(kept):
    evaluate = foo.get_operator("@deepmse/image-quality/evaluate_quality")
    rows = {row["metric"]: row for row in evaluate(kept)["rows"]}
    for name in ("deepmse", "psnr", "nr", "mine"):
        scores, dmos = kept.values([name, "dmos"])
        sign = 1 if name == "deepmse" else -1
        assert rows[name]["srcc"] == pytest.approx(sign * stats.spearmanr(scores, dmos).statistic)


def test_its_runs_tell_what_made_the_scores(kept):
    assert kept.list_runs() == ["deepmse_1", "mine_1", "mine_2", "nr_1", "psnr_1"]
    configs = {key: kept.get_run_info(key).config for key in kept.list_runs()}
    assert {config.status for config in configs.values()} == {"completed"}
    stated = json.loads((KEPT / "metadata.json").read_text())["runs"]["deepmse_1"]["config"]
    assert configs["deepmse_1"].engine == stated["engine"]


def test_the_panel_shows_it(kept):
    app = App(kept)
    app.send("on_load")
    shown = json.dumps([app.state, app.data], default=str)
    assert all(title in shown for title in ("DeepMSE", "PSNR", "NR", "mine"))
