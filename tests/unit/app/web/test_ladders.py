import io
import math

import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.app.web import ladders
from deepmse.app.web.ladders import CODECS, LadderMaker
from deepmse.app.web.uploads import read
from deepmse.plugin.errors import UsageError
from gradio.utils import get_upload_folder
from PIL import Image

from .pictures import photo, upload

HERE = [codec for codec in CODECS if codec.is_here]


@pytest.fixture
def maker(tmp_path) -> LadderMaker:
    made = iter(range(1000))
    return LadderMaker(lambda suffix: tmp_path / f"step-{next(made)}{suffix}", device="cpu")


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "photo.png"
    rng = np.random.default_rng(3)
    noisy = np.asarray(photo((160, 120)), dtype=float) + rng.normal(0, 12, (120, 160, 3))
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)
    return read(get_upload_folder, "original", upload(path))


def whole(maker, picture, codecs=(), metrics=()) -> ladders.Ladder:
    *_, ladder = maker(picture, codecs, metrics)
    return ladder


def test_files_are_what_pillow_writes_and_scores_are_the_engines(maker, picture):
    ladder = whole(maker, picture, metrics=["psnr", "deepmse"])
    assert len(ladder.steps) == ladder.total == sum(len(codec.settings) for codec in HERE)
    assert ladder.metrics == ("psnr", "deepmse")
    expected = score_pairs([(picture.path, step.path) for step in ladder.steps], ["psnr", "deepmse"], device="cpu")
    for step, score in zip(ladder.steps, expected, strict=True):
        assert step.size == step.path.stat().st_size
        with Image.open(step.path) as file:
            assert file.format == step.codec.format
            assert file.size == (160, 120)
        for metric in ladder.metrics:
            assert ladder.value(step, metric) == score.measurements[metric].value


def test_a_jpeg_is_that_of_its_quality(maker, picture):
    ladder = whole(maker, picture, ["JPEG"])
    for step in ladder.steps:
        stream = io.BytesIO()
        Image.open(picture.path).save(stream, "JPEG", quality=step.setting, optimize=True)
        assert step.path.read_bytes() == stream.getvalue()


@pytest.mark.parametrize("codec", HERE, ids=lambda codec: codec.name)
def test_each_ladder_climbs_from_small_files_to_good_ones(maker, picture, codec):
    steps = whole(maker, picture, [codec.name], ["psnr"]).steps
    sizes = [step.size for step in steps]
    psnr = [step.score.measurements["psnr"].value for step in steps]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 4 * sizes[0]
    assert psnr[-1] > psnr[0] + 3
    assert all(math.isfinite(value) for value in psnr)


def test_jpeg_2000_is_as_small_as_its_ratio_says(maker, picture):
    if "JPEG 2000" not in {codec.name for codec in HERE}:
        pytest.skip("this Pillow writes no JPEG 2000")
    for step in whole(maker, picture, ["JPEG 2000"]).steps[-3:]:
        assert step.size == pytest.approx(160 * 120 * 3 / step.setting, rel=0.15)


def test_a_codec_that_this_pillow_lacks_is_named_and_not_offered(picture, tmp_path, monkeypatch):
    check = ladders.features.check
    monkeypatch.setattr(ladders.features, "check", lambda name: name != "avif" and check(name))
    maker = LadderMaker(lambda suffix: tmp_path / f"step{suffix}", device="cpu")
    assert "AVIF" not in {codec.name for codec in maker.codecs}
    assert whole(maker, picture, ["JPEG"]).notes == ("AVIF: this server's Pillow cannot write it.",)
    with pytest.raises(UsageError, match="Choose codecs"):
        whole(maker, picture, ["AVIF"])


def test_a_codec_whose_package_is_missing_says_which_extra_brings_it(monkeypatch):
    [codec] = [codec for codec in CODECS if codec.name == "JPEG XL"]
    assert codec.is_here
    monkeypatch.setattr(ladders, "find_spec", lambda module: None)
    assert not codec.is_here
    assert "fiftyone-deepmse[formats]" in codec.lack()


def test_a_codec_that_cannot_hold_the_picture_says_so_and_the_others_do(maker, tmp_path):
    path = tmp_path / "long.png"
    Image.linear_gradient("L").resize((17000, 40)).convert("RGB").save(path)
    picture = read(get_upload_folder, "original", upload(path))
    ladder = whole(maker, picture, ["JPEG", "WebP"])
    assert {step.codec.name for step in ladder.steps} == {"JPEG"}
    assert [note.partition(":")[0] for note in ladder.notes if "cannot hold" in note] == ["WebP"]


@pytest.mark.parametrize("codecs", ["JPEG", ["GIF"], [1], None, {"JPEG": 1}, [["JPEG"]]])
def test_only_offered_codecs_can_be_chosen(maker, picture, codecs):
    with pytest.raises(UsageError, match="Choose codecs by a list of names"):
        whole(maker, picture, codecs)


@pytest.mark.parametrize("metrics", ["psnr", ["nr"], ["no-such-metric"], None])
def test_only_offered_metrics_can_be_chosen(maker, picture, metrics):
    with pytest.raises(UsageError, match="Choose metrics by a list of names"):
        whole(maker, picture, (), metrics)


def test_too_large_a_picture_is_refused_before_any_file_is_made(maker, picture, monkeypatch, tmp_path):
    monkeypatch.setattr(ladders, "MAX_PIXELS_OF_OTHERS", 160 * 120 - 1)
    with pytest.raises(UsageError, match=r"“photo\.png” is too large"):
        whole(maker, picture)
    assert list(tmp_path.glob("step*")) == []
