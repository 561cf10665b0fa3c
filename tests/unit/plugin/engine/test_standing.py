"""Where a score stands among distorted photographs, and the table that tells."""

from dataclasses import replace

import numpy as np
import pytest
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.engine.standing import Ladder, StandingTable, packaged
from deepmse.plugin.engine.standing_table import measure
from deepmse.plugin.errors import UsageError
from deepmse.plugin.metrics import metric_info, metric_names
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

PSNR = metric_info("psnr")
SETTINGS = {"policy": {"name": "native", "resize": None}, "implementation": "mean"}
TABLE = StandingTable(
    photographs=4,
    source="photographs",
    ladders={
        "jpeg": Ladder("JPEG quality", (90, 50, 10), "number"),
        "blur": Ladder("Gaussian blur", (2, 3, 4), "level"),
    },
    settings={"psnr": {"policy": "native"}},
    quartiles={
        "psnr": {
            "jpeg": np.array([[38.0, 40, 42], [28, 30, 32], [18, 20, 22]]),
            "blur": np.array([[39.0, 40, 41], [29, 30, 31], [19, 20, 21]]),
        }
    },
)


@pytest.mark.parametrize(
    ("value", "jpeg", "blur"),
    [
        # Half way down from 40 to 30 dB in both quartiles: 42 to 32 is crossed at 35 by 70 %, 38 to 28 by 30 %.
        (35, "JPEG quality 62 to 78", "between level 2 and 3 of Gaussian blur"),
        (30, "JPEG quality 42 to 58", "between level 2 and 3 of Gaussian blur"),
        (29.9, "JPEG quality 42 to 58", "between level 3 and 4 of Gaussian blur"),
        (41, "JPEG quality 86 to 90", "below level 2 of Gaussian blur"),
        (43, "better than JPEG quality 90", "below level 2 of Gaussian blur"),
        (np.inf, "better than JPEG quality 90", "below level 2 of Gaussian blur"),
        (17, "worse than JPEG quality 10", "above level 4 of Gaussian blur"),
    ],
)
def test_a_score_stands_between_what_scores_like_it(value, jpeg, blur):
    assert TABLE.stands(PSNR, value, SETTINGS) == (jpeg, blur)


def test_a_metric_whose_lower_scores_are_better_stands_the_same_way():
    turned = {name: -values[:, ::-1] for name, values in TABLE.quartiles["psnr"].items()}
    table = replace(TABLE, settings={"gmsd": {"policy": "native"}}, quartiles={"gmsd": turned})
    assert table.stands(metric_info("gmsd"), -35, SETTINGS) == TABLE.stands(PSNR, 35, SETTINGS)


def test_nothing_is_claimed_where_the_table_cannot_tell():
    assert TABLE.stands(metric_info("ssim"), 0.9, SETTINGS) == ()
    assert TABLE.stands(PSNR, 35, {**SETTINGS, "policy": {"name": "resize-256"}}) == ()
    assert TABLE.stands(PSNR, 35, {**SETTINGS, "weights": {"sha256": "0" * 64}}) == ()
    wavering = {**TABLE.quartiles["psnr"], "blur": np.array([[39.0, 40, 41], [19, 20, 21], [29, 30, 31]])}
    assert replace(TABLE, quartiles={"psnr": wavering}).stands(PSNR, 35, SETTINGS) == ("JPEG quality 62 to 78",)


def test_a_table_is_read_as_it_was_written():
    read = StandingTable.from_json(TABLE.to_json())
    assert read.to_json() == TABLE.to_json()
    assert read.stands(PSNR, 35, SETTINGS) == TABLE.stands(PSNR, 35, SETTINGS)
    for text in ("", "[]", "{}", '{"format": "another"}'):
        with pytest.raises(UsageError, match="no table of standings"):
            StandingTable.from_json(text)


def test_the_packaged_table_is_of_kodaks_photographs_and_rises_with_every_distortion():
    table = packaged()
    assert table.photographs == 24
    assert set(table.quartiles) <= set(metric_names("FR"))
    assert {"deepmse", "psnr", "ssim"} <= set(table.quartiles)
    for metric, by_ladder in table.quartiles.items():
        sign = 1 if metric_info(metric).lower_is_better else -1
        for name in ("jpeg", "gaussian_blur"):
            assert (np.diff(sign * by_ladder[name][:, 1]) > 0).all(), (metric, name)


def test_a_measured_table_has_the_quartiles_of_the_photographs(tmp_path):
    rng = np.random.default_rng(0)
    photos = [np.kron(rng.integers(0, 256, (8, 12, 3)), np.ones((8, 8, 1))).astype(np.uint8) for _ in range(3)]
    for number, photo in enumerate(photos):
        Image.fromarray(photo).save(tmp_path / f"{number}.png")
    table = measure(tmp_path, Scorer(["psnr"], device="cpu"))
    assert (table.photographs, table.source) == (3, "photographs of 96 × 64 pixels")
    place = table.ladders["jpeg"].steps.index(20)
    worse = [DISTORTIONS["jpeg"].apply(photo, 20, rng) for photo in photos]
    expected = np.percentile(
        [peak_signal_noise_ratio(photo, copy) for photo, copy in zip(photos, worse, strict=True)], (25, 50, 75)
    )
    np.testing.assert_allclose(table.quartiles["psnr"]["jpeg"][place], expected)
