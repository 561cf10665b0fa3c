"""What pictures look bad by: the discriminants, how they are measured, and what the packaged ones tell."""

import numpy as np
import pytest
import skimage.data
import torch
from deepmse.plugin.datasets.synthesis.distorted_sets import make_synthetic
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS, LEVELS
from deepmse.plugin.errors import UsageError, WeightsError
from deepmse.plugin.learning.causes import files
from deepmse.plugin.learning.causes.examples import NAMES, Picture, in_every_way, in_some_way, statistics_of
from deepmse.plugin.learning.causes.model import UNDISTORTED, CauseModel
from deepmse.plugin.learning.causes.training import f1_scores
from deepmse.plugin.metrics import create, metric_info
from deepmse.plugin.metrics.causes import NONE
from PIL import Image
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import f1_score

from .....conftest import photo_like


@pytest.fixture(scope="module")
def metric():
    return create("nr")


@pytest.fixture(scope="module")
def made():
    """Three causes, the first at one level and the others at two and three: statistics, causes, levels."""
    rng = np.random.default_rng(0)
    causes, levels = np.repeat([[0, 1, 1, 2, 2, 2], [0, 1, 2, 1, 2, 5]], 30, axis=1)
    statistics = rng.normal(size=(180, 4)) * [1, 2, 30, 0] + np.stack(
        [causes, levels, causes * levels, levels * 0], 1
    )
    return statistics, causes, levels


def test_probabilities_are_those_of_scikit_learn_and_sum_to_one(made):
    statistics, causes, levels = made
    [model] = CauseModel.fit(("none", "a", "b"), statistics, causes, levels, shrinkage=0.2)
    found = model(statistics)
    priors = [0.25, *[0.375 / 2] * 2, *[0.375 / 3] * 3]
    scaled = statistics / np.where(statistics.std(0) > 0, statistics.std(0), 1)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2, priors=[1 / 6] * 6)
    each = theirs.fit(scaled, 10 * causes + levels).predict_proba(scaled) * priors
    each /= each.sum(1, keepdims=True)
    np.testing.assert_allclose(found, np.stack([each[:, 0], each[:, 1:3].sum(1), each[:, 3:].sum(1)], 1), atol=1e-4)
    np.testing.assert_allclose(found.sum(1), 1)


def test_who_looks_at_nothing_tells_what_is_likely_beforehand(made):
    [model] = CauseModel.fit(("none", "a", "b"), *made, shrinkage=0.2, sharpnesses=[0])
    np.testing.assert_allclose(model(made[0]), [[UNDISTORTED, (1 - UNDISTORTED) / 2, (1 - UNDISTORTED) / 2]] * 180)


def test_f1_is_that_of_scikit_learn(made):
    rng = np.random.default_rng(1)
    true, told = rng.integers(0, 4, (2, 200))
    confusion = np.zeros((5, 5), int)
    np.add.at(confusion, (true, told), 1)
    np.testing.assert_allclose(f1_scores(confusion), [*f1_score(true, told, average=None), 0])


def test_examples_are_the_pictures_of_synthetic_sets(tmp_path):
    (tmp_path / "photos").mkdir()
    photo = tmp_path / "photos" / "one.png"
    Image.fromarray(photo_like(0, 96, 80)).save(photo)
    make_synthetic(tmp_path / "photos", tmp_path / "set", types=["white_noise"], levels=[3], workers=1)
    pixels = np.array(Image.open(tmp_path / "set" / "dist" / "one_white_noise_3.png"))
    np.testing.assert_array_equal(Picture(photo, "white_noise", 3).statistics(), statistics_of(pixels))


def test_every_way_leaves_out_what_changes_nothing_and_some_ways_are_of_every_type(tmp_path):
    every = list(in_every_way(tmp_path / "a.png"))
    neutral = sum(distortion.neutral is not None for distortion in DISTORTIONS.values())
    assert len(set(every)) == len(every) == 1 + len(DISTORTIONS) * len(LEVELS) - neutral
    some = [list(in_some_way(tmp_path / f"{name}.png")) for name in "ab"]
    assert [each.kind for each in some[0]] == [NONE, *DISTORTIONS]
    assert [each.level for each in some[0]] != [each.level for each in some[1]]
    assert set(some[0]) <= set(every)


class TestPackaged:
    def test_is_small_and_knows_every_distortion(self):
        assert files.PACKAGED.stat().st_size < 200_000
        assert files.load().names == NAMES

    def test_tells_plain_distortions_of_photographs_that_it_has_not_seen(self, metric):
        kinds = [*("lens_blur", "jpeg_2000", "jpeg", "impulse_noise", "denoise", "pixelate", "quantization")]
        kinds += ["color_quantization", "high_sharpen", "motion_blur"]
        right = []
        for name in ("coffee", "chelsea"):
            photo = np.ascontiguousarray(getattr(skimage.data, name)())
            for kind in kinds:
                worse = DISTORTIONS[kind](photo, 4, np.random.default_rng(0))
                right.append(self.causes(metric, worse)[0].name == DISTORTIONS[kind].title)
        assert np.mean(right) >= 0.8

    def test_tells_the_same_of_a_picture_in_any_batch_by_its_pixels_alone(self, metric):
        pictures = [photo_like(seed, 250, 230) for seed in range(2)]
        together = metric.assess(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)).causes
        for picture, causes in zip(pictures, together, strict=True):
            assert causes == self.causes(metric, picture)
            by_name = dict(zip(NAMES, files.load()(statistics_of(picture)[None])[0], strict=True))
            assert dict(causes) == pytest.approx(by_name, abs=1e-6)
            assert [each.probability for each in causes] == sorted(by_name.values(), reverse=True)

    def test_models_that_look_at_no_pixels_tell_none(self):
        picture = torch.from_numpy(photo_like(0, 64, 64)).permute(2, 0, 1)[None]
        assert create("nr-1").assess(picture).causes is None

    def test_is_no_metric(self):
        with pytest.raises(UsageError, match="a model of the family 'causes'"):
            metric_info(str(files.PACKAGED))

    def test_other_models_are_refused(self):
        with pytest.raises(WeightsError, match="not a model that `deepmse train causes` wrote"):
            files.load(files.PACKAGED.with_name("nr.safetensors"))

    @staticmethod
    def causes(metric, pixels):
        [found] = metric.assess(torch.from_numpy(pixels).permute(2, 0, 1)[None]).causes
        return found
