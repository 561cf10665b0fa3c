"""Pictures that the web page has scored, as a dataset."""

from pathlib import Path

import fiftyone as fo
import pytest
from deepmse.app import scored
from deepmse.plugin.engine.records import Item, Measurement, Score
from deepmse.plugin.errors import UsageError
from deepmse.plugin.store.config import datasets_dir
from deepmse.plugin.store.fields import score_fields
from deepmse.plugin.store.scored import import_scored
from PIL import Image

pytestmark = pytest.mark.integration


@pytest.fixture
def scores(tmp_path) -> list[Score]:
    """A picture of a pair, one that could not be scored, and one that is gone."""
    for name in ("a.png", "ref.png", "b.png"):
        Image.linear_gradient("L").save(tmp_path / name)
    found = Measurement(12.5, stages=(1.0, 2.0, 3.0, 4.0, 5.0))
    return [
        Score(Item("holiday/a.png", str(tmp_path / "a.png"), str(tmp_path / "ref.png")), {"deepmse": found}, {}),
        Score(Item("../b.png", str(tmp_path / "b.png")), {}, {"deepmse": "b.png: no reference"}),
        Score(Item("gone.png", str(tmp_path / "gone.png")), {}, {"deepmse": "gone.png: no such file"}),
    ]


def test_a_batch_becomes_a_dataset_with_copies_and_scores(scores, tmp_path):
    name = "quality-test-scored"
    names = [score.item.key for score in scores]
    told = [scored._score(scored._told(score, called)) for score, called in zip(scores, names, strict=True)]
    assert told == scores
    dataset = import_scored(name, told, ["deepmse"], names)
    try:
        for path in tmp_path.glob("*.png"):
            path.unlink()
        assert dataset.values("name") == ["holiday/a.png", "../b.png"]
        assert dataset.values("deepmse") == [12.5, None]
        assert dataset.values("deepmse_error")[1]
        assert list(score_fields(dataset)) == ["deepmse"]
        paths = [Path(path) for path in [*dataset.values("filepath"), dataset.first()["ref_path"]]]
        assert all(path.is_file() and path.is_relative_to(datasets_dir() / name) for path in paths)
        with pytest.raises(UsageError, match="has a dataset quality-test-scored already"):
            import_scored(name, told, ["deepmse"], names)
    finally:
        dataset.delete()


def test_a_batch_without_pictures_is_no_dataset(scores):
    with pytest.raises(UsageError, match="no picture is there"):
        import_scored("quality-test-none", scores[2:], ["deepmse"], ["gone.png"])
    assert not fo.dataset_exists("quality-test-none")
