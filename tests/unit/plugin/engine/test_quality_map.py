"""Maps of quality: scores of windows, where they lie, and what a place's is made of."""

import numpy as np
import pytest
import torch
from deepmse.plugin.engine.quality_map import LONGEST, STRIDE, WINDOW, QualityMap, quality_map
from deepmse.plugin.errors import UsageError
from deepmse.plugin.images import NATIVE
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.metrics.base import Assessment, NoReferenceMetric


class Brightness(NoReferenceMetric):
    """The mean level in percent: its value for a window can be told from the picture."""

    policy = NATIVE

    def __init__(self, info: str = "nr", nowhere: float = -1) -> None:
        self.info = metric_info(info)
        self.nowhere = nowhere
        self.batches: list[int] = []

    def assess(self, images: torch.Tensor) -> Assessment:
        self.batches.append(len(images))
        means = images.double().mean((1, 2, 3)) / 2.55
        return Assessment(torch.where(means == self.nowhere, torch.nan, means))

    def describe(self):
        return {}


def test_each_window_has_the_score_of_its_own_pixels():
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 500, 700), dtype=np.uint8))
    found = quality_map(Brightness(), image)
    assert (found.tops[0], found.tops[-1] + WINDOW, found.lefts[-1] + WINDOW) == (0, 500, 700)
    assert all(0 < step <= STRIDE for starts in (found.tops, found.lefts) for step in np.diff(starts))
    for row, top in enumerate(found.tops):
        for column, left in enumerate(found.lefts):
            window = image[:, top : top + WINDOW, left : left + WINDOW].double().mean() / 2.55
            assert found.scores[row, column] == pytest.approx(float(window))


def test_a_place_has_the_mean_of_the_windows_over_it():
    scores = np.array([[0.0, 50.0, 100.0]])
    found = QualityMap(scores, (0,), (0, 112, 224), (224, 224), (224, 448), (0, 100), lower_is_better=False)
    np.testing.assert_allclose(found.cells, [[0, 25, 75, 100]] * 2)
    np.testing.assert_array_equal(found.levels, [[255, 191, 64, 0]] * 2)
    lower = QualityMap(scores, (0,), (0, 112, 224), (224, 224), (224, 448), (0, 100), lower_is_better=True)
    np.testing.assert_array_equal(lower.levels, 255 - found.levels)


def test_a_window_without_a_score_gives_no_number():
    image = torch.zeros(3, 224, 672, dtype=torch.uint8)
    image[..., 224:] = 100
    found = quality_map(Brightness(nowhere=0), image)
    assert np.isnan(found.scores[0, 0])
    assert np.isnan(found.cells[0, 0])
    assert np.isfinite(found.cells[0, 2:]).all()


@pytest.mark.parametrize("shape", [(3000, 4000), (4000, 4000), (60, 90), (300, 9000)])
def test_work_is_bounded_whatever_the_size(shape):
    metric = Brightness()
    found = quality_map(metric, torch.full((3, *shape), 51, dtype=torch.uint8))
    assert max(found.size) <= LONGEST
    assert found.scores.size <= 81
    assert max(metric.batches) <= 8
    np.testing.assert_allclose(found.scores, 20)
    assert found.describe()["windows"] == found.scores.size


def test_what_has_no_scale_has_no_map():
    with pytest.raises(UsageError, match="no ends"):
        quality_map(Brightness("niqe"), torch.zeros(3, 300, 300, dtype=torch.uint8))


def test_the_model_scores_its_windows_as_pictures():
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 224, 336), dtype=np.uint8))
    metric = create("nr")
    expected = [metric.assess(image[None, ..., left : left + 224]).scores.item() for left in (0, 112)]
    np.testing.assert_allclose(quality_map(metric, image).scores, [expected], rtol=1e-6)
