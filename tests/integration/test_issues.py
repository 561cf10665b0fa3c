"""Issues of whole images, boxes, slices and frames in FiftyOne datasets."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from deepmse.plugin.cache import cache_dir
from deepmse.plugin.engine import examining
from deepmse.plugin.errors import UsageError
from deepmse.plugin.images import decode
from deepmse.plugin.store import IssuesJob
from deepmse.plugin.store.fields import resolve_target
from deepmse.plugin.store.labels import read_labels
from PIL import Image

from ..conftest import photo_like
from ..kill_and_resume import RUN

pytestmark = pytest.mark.integration

OPERATOR = "@deepmse/image-quality/find_quality_issues"


def save(path: Path, pixels: np.ndarray) -> str:
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return str(path)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A photograph, its copy, a dark one with a box of noise, and no image."""
    folder = tmp_path_factory.mktemp("photos")
    dark = photo_like(1, 200, 160) // 12
    dark[:80, :100] = np.clip(128 + np.random.default_rng(0).normal(0, 20, (80, 100, 3)), 0, 255)
    paths = [save(folder / f"{name}.png", photo_like(0, 200, 160)) for name in ("a", "b")]
    paths += [save(folder / "dark.png", dark), str(folder / "bad.png")]
    Path(paths[-1]).write_text("nothing")
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=path) for path in paths])
    sample = dataset.match(fo.ViewField("filepath").ends_with("dark.png")).first()
    boxes = {"noise": [0, 0, 0.5, 0.5], "rest": [0.5, 0.5, 0.5, 0.5]}
    sample["things"] = fo.Detections(detections=[fo.Detection(label=k, bounding_box=v) for k, v in boxes.items()])
    sample.save()
    yield dataset
    dataset.delete()


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that are decoded."""
    names = []

    def watched(path, **settings):
        names.append(Path(path).name)
        return decode(path, **settings)

    monkeypatch.setattr(examining, "decode", watched)
    return names


def test_a_stopped_look_is_gone_on_with(photos, decoded, monkeypatch):
    fields = ["quality_issues", "quality_sharpness", "quality_noise", "quality_source", "quality_duplicate_of"]
    list(IssuesJob(photos))
    expected = photos.values(fields)
    decoded.clear()
    list(IssuesJob(photos))
    assert decoded == ["a.png", "b.png", "dark.png", "bad.png"]  # What has ended is not kept.

    monkeypatch.setattr(f"{IssuesJob.__module__}._STEP", 1)
    look = iter(IssuesJob(photos))
    assert [next(look).done for _ in range(3)] == [0, 1, 2]
    look.close()
    os.utime(photos.values("filepath")[1], (1, 1))
    decoded.clear()
    list(IssuesJob(photos))
    assert decoded == ["b.png", "dark.png", "bad.png"]  # Its file has changed since.
    assert photos.values(fields) == expected
    assert list((cache_dir() / "examined").iterdir()) == []


def test_standard_output_is_for_results(photos):
    environment = {name: value for name, value in os.environ.items() if name != "FIFTYONE_DATABASE_VALIDATION"}
    command = [sys.executable, "-c", RUN, "issues", "--dataset", photos.name, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    by_name = {issue["issue"]: issue["images"] for issue in json.loads(done.stdout)["issues"]}
    assert by_name["unreadable"] == by_name["exact duplicate"] == 1


@pytest.mark.parametrize("content", [b'["mark", "[]"]\n', b"no line", b"nothing\n", bytes(range(256)) * 9])
def test_what_is_damaged_is_examined_again(photos, decoded, content):
    file = cache_dir() / "examined" / f"{photos._doc.id}-{version('fiftyone-deepmse')}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    list(IssuesJob(photos))
    assert len(decoded) == 4
    assert photos.values("quality_issues")[3] == ["unreadable"]
    assert not file.exists()


def test_measures_issues_scores_and_a_report_of_whole_images(photos, tmp_path):
    foo.get_operator(OPERATOR)(photos, metrics=["piqe"])
    found = dict(zip(*photos.values(["filepath", "quality_issues"]), strict=True))
    by_name = {Path(path).name: set(issues) for path, issues in found.items()}
    assert "exact duplicate" in by_name["b.png"]
    assert by_name["bad.png"] == {"unreadable"}
    assert photos.values("quality_duplicate_of")[1] == photos.first().filepath
    first, _, dark, _ = photos.values("filepath")
    assert photos.values("quality_source") == [first, first, dark, None]
    photos.set_values("rating", [1.0, 2.0, 3.0, None])
    assert read_labels(photos, resolve_target(photos, "rating")).pictures == (first, first, dark)
    assert photos.values("quality_exact_duplicate") == [False, True, False, False]
    assert photos.values("quality_sharpness")[3] is None
    assert "not an image" in photos.values("quality_error")[3]
    assert [value is not None for value in photos.values("piqe")] == [True, True, True, False]
    assert "grey levels" in photos.get_field("quality_noise").description
    assert photos.load_saved_view("issue: exact duplicate").values("id") == [photos.values("id")[1]]
    assert photos.list_runs(method="image_quality")
    report = tmp_path / "report.html"
    assert foo.get_operator("@deepmse/image-quality/export_quality_report")(photos, report) == 4
    assert "exact duplicate" in report.read_text()
    assert "quality_issues_1" in report.read_text()


def test_boxes_get_attributes_by_field_and_by_view_of_patches(photos):
    for samples, patches in ((photos, "things"), (photos.to_patches("things"), None)):
        job = IssuesJob(samples, patches=patches)
        list(job)
        assert job.unit == "patches"
        noise, rest = photos.match(fo.ViewField("things.detections").length() > 0).first().things.detections
        assert noise.quality_noisy is True
        assert rest.quality_noisy is False
        assert noise.quality_noise == pytest.approx(20, rel=0.2)
        assert noise.quality_side == pytest.approx(np.sqrt(100 * 80))
    assert photos.get_field("things.detections.quality_noise").description


def test_a_slice_of_groups(tmp_path):
    dataset = fo.Dataset()
    group = fo.Group()
    for name, level in (("left", 20), ("right", 250)):
        path = save(tmp_path / f"{name}.png", np.full((64, 64, 3), level))
        dataset.add_sample(fo.Sample(filepath=path, group=group.element(name)))
    list(IssuesJob(dataset, slice_name="right"))
    assert dataset.select_group_slices().values("quality_bright") == [None, True]
    dataset.delete()


def test_what_cannot_be_looked_at_is_said(tmp_path):
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath=str(tmp_path / "cloud.pcd")))
    with pytest.raises(UsageError, match="point-cloud"):
        IssuesJob(dataset)
    dataset.delete()
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath=str(tmp_path / "a.png"), quality_noise="much"))
    with pytest.raises(UsageError, match="'quality_noise' is a StringField"):
        IssuesJob(dataset)
    with pytest.raises(UsageError, match="'boxes' is no field of detections"):
        list(IssuesJob(dataset, patches="boxes"))
    dataset.delete()


@pytest.mark.skipif(
    shutil.which("ffmpeg") is None and "CI" not in os.environ, reason="frames are taken by ffmpeg, which is not here"
)
def test_frames_of_videos(tmp_path):
    import cv2

    path = tmp_path / "film.mp4"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (160, 120))
    for number in range(20):
        film.write(np.ascontiguousarray(photo_like(2, 160, 120)[..., ::-1] // (1 if number < 10 else 15)))
    film.release()
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath=str(path)))
    list(IssuesJob(dataset, rate=1))
    frames = [frame for frame in dataset.first().frames.values() if frame["quality_brightness"] is not None]
    assert [frame["quality_dark"] for frame in sorted(frames, key=lambda frame: frame.frame_number)] == [False, True]
    dataset.delete()
