"""How far scores move by changes that are not seen: on a metric whose scores are known."""

import numpy as np
import pytest
import torch
from deepmse.plugin.engine.steadiness import CHANGES, movements
from deepmse.plugin.errors import ImageError, UsageError
from deepmse.plugin.images import NATIVE
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.metrics.base import Assessment, NoReferenceMetric
from PIL import Image

from ....conftest import photo_like


class Width(NoReferenceMetric):
    """A picture's width is its score."""

    info = metric_info("nr")
    policy = NATIVE

    def assess(self, images: torch.Tensor) -> Assessment:
        return Assessment(torch.full((len(images),), float(images.shape[-1])))

    def describe(self) -> dict[str, str]:
        return {}


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / f"{index}.png" for index in range(3)]
    for path, width in zip(paths, (60, 80, 140), strict=True):
        Image.fromarray(photo_like(0, width, 100)).save(path)
    return paths


def test_median_and_95th_percentile_of_the_distances_are_told_for_each_change(photos):
    told = []
    found = {
        each.change: each for each in movements(photos, [Width()], lambda done, total: told.append((done, total)))
    }
    assert list(found) == list(CHANGES)
    expected = {
        "turned by 90°": [40, 20, 40],
        "mirrored": [0, 0, 0],
        "saved as JPEG of quality 95": [0, 0, 0],
        "enlarged ×1.1": [6, 8, 14],
        "without its first column and row": [1, 1, 1],
    }
    for change, distances in expected.items():
        assert (found[change].metric, found[change].images) == ("nr", 3)
        assert (found[change].median, found[change].high) == pytest.approx(np.quantile(distances, [0.5, 0.95]))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_cannot_be_measured_is_refused_in_words(photos, tmp_path):
    with pytest.raises(UsageError, match="PSNR compares a picture with a reference"):
        movements(photos, [Width(), create("psnr", device="cpu")])
    with pytest.raises(UsageError, match="no pictures"):
        movements([], [Width()])
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"broken\.png"):
        movements([broken], [Width()])
