"""Labels by metrics: the average of ranks, against a naive count; what cannot be ranked is left out or refused."""

from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.datasets.records import QualityDataset, Record
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.weak import by_metrics, rank_average


def naive(scores: list[list[float]], lower: list[bool]) -> list[float]:
    """Share of the other images that are worse, half of those that are as good, in per cent; mean over metrics."""
    count = len(scores[0])
    shares = np.zeros(count)
    for values, lower_is_better in zip(scores, lower, strict=True):
        for i in range(count):
            for j in range(count):
                ahead = values[j] - values[i] if lower_is_better else values[i] - values[j]
                shares[i] += 0 if i == j else 1 if ahead > 0 else 0.5 if ahead == 0 else 0
    return list(100 * shares / (count - 1) / len(scores))


def test_it_is_the_mean_share_of_worse_images():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 12, 30).astype(float), rng.normal(size=30)
    found = rank_average({"haarpsi": first, "mdsi": second}, {"haarpsi": False, "mdsi": True})
    assert found.tolist() == pytest.approx(naive([first.tolist(), second.tolist()], [False, True]))
    assert found.min() >= 0
    assert found.max() <= 100


def test_an_image_without_a_score_is_not_ranked_and_moves_no_other():
    whole = rank_average({"a": [1.0, 2.0, 3.0]}, {"a": False})
    lacking = rank_average({"a": [1.0, np.nan, 2.0, 3.0]}, {"a": False})
    assert whole.tolist() == [0, 50, 100]
    assert np.isnan(lacking[1])
    assert lacking[[0, 2, 3]].tolist() == whole.tolist()


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(UsageError, match="no metric is named"):
        rank_average({}, {})
    with pytest.raises(UsageError, match="1 images have scores of a; ranks need two or more"):
        rank_average({"a": [1.0, np.nan]}, {"a": False})


def test_labelled_images_say_that_their_labels_are_of_metrics():
    records = tuple(Record(dist=Path(f"{name}.png"), ref=Path("ref.png")) for name in "abc")
    dataset = QualityDataset("made", records, "level", True, (1, 5), "severity", "photographs")
    found = by_metrics(dataset, {"gmsd": [0.3, np.nan, 0.1]}, {"gmsd": True})
    assert [path.name for path in found.paths] == ["a.png", "c.png"]
    assert found.opinions.tolist() == [0, 100]
    assert set(found.references) == {"ref.png"}
    assert (found.origin["labels"], found.origin["metrics"]) == ("metrics", ["gmsd"])
