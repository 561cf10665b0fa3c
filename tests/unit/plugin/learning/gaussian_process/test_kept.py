"""The model file that version 0.1 was packaged with, of before headers named families, still scores."""

import pytest
import torch
from deepmse.plugin.learning.gaussian_process.files import FIRST
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.metrics.models import read_header

from .....conftest import photo_like


@pytest.fixture
def kept(tmp_path):
    """A copy under a name of its own."""
    path = tmp_path / "mine.safetensors"
    path.write_bytes(FIRST.read_bytes())
    return path


def test_it_names_no_family(kept):
    assert read_header(kept)["format"] == "deepmse-nr-1"
    assert "family" not in read_header(kept)


def test_it_is_a_metric_with_all_that_it_told_before(kept):
    info = metric_info(str(kept))
    assert (info.kind, info.lower_is_better, info.range) == ("NR", False, (0, 100))
    metric = create(str(kept))
    image = torch.from_numpy(photo_like(0, 240, 240)).permute(2, 0, 1)[None]
    found, packaged = metric.assess(image), create("nr-1").assess(image)
    assert torch.equal(found.scores, packaged.scores)
    assert torch.equal(found.deviations, packaged.deviations)
    assert torch.equal(found.percentiles, packaged.percentiles)
    assert metric.grade(float(found.scores)) in info.grades
