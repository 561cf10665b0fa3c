"""FiftyOne's own ways to a model: apply_model, compute_embeddings, and this repository as a source of its zoo."""

from pathlib import Path

import deepmse
import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from PIL import Image

from ..conftest import photo_like

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A folder of remote sources that has this repository."""
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "fiftyone-deepmse").symlink_to(REPOSITORY)
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    # What FiftyOne "downloads" would be written into the repository.
    written = REPOSITORY / "nr.txt"
    yield
    written.unlink(missing_ok=True)


def test_a_model_of_the_zoo_scores_as_the_engine_does(zoo, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.fromarray(photo_like(number, 120 + 40 * number, 100)).save(path)
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=str(path)) for path in (*paths, broken)])
    assert "deepmse/nr" in foz.list_zoo_models()
    model = foz.load_zoo_model("deepmse/nr", device="cpu")
    dataset.apply_model(model, label_field="quality", num_workers=0)
    expected = [score.measurements["nr"] for score in deepmse.score(paths, ["nr"], device="cpu")]
    labels = dataset.values("quality")
    assert labels[3] is None
    assert [label.value for label in labels[:3]] == pytest.approx([each.value for each in expected])
    assert [label.grade for label in labels[:3]] == [each.grade for each in expected]
    embeddings = dataset.limit(3).compute_embeddings(model, num_workers=0)
    assert embeddings.shape[0] == 3
    assert np.isfinite(embeddings).all()
    dataset.delete()


def test_models_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="compares with references"):
        deepmse.fiftyone.model("psnr")
    model = deepmse.fiftyone.model("piqe", device="cpu")
    assert not model.has_embeddings
    assert model.predict(photo_like(0, 96, 96)).value > 0
