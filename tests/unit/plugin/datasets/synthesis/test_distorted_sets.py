"""Sets of distorted photographs: what is written, that it repeats itself, resumes, and survives bad input."""

import csv
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from deepmse.plugin.datasets import load
from deepmse.plugin.datasets.synthesis.distorted_sets import make_synthetic, write_set
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS, LEVELS
from deepmse.plugin.datasets.synthesis.photos import names_of
from deepmse.plugin.datasets.vocabulary import category_of
from deepmse.plugin.datasets.workers import starmap_by
from deepmse.plugin.errors import DeepMSEError, OutputError, UsageError
from PIL import Image

TYPES = ("motion_blur", "jpeg", "white_noise")


def save_photo(path, size=(60, 48), seed=0):
    path.parent.mkdir(exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    save_photo(folder / "one.png", seed=1)
    save_photo(folder / "two.jpg", seed=2)
    return folder


def make(out, photos, **settings):
    return make_synthetic(photos, out, **{"types": TYPES, "workers": 1, **settings})


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


# What is written


def test_everything_by_default(tmp_path, photos):
    out = tmp_path / "out"
    dataset = make_synthetic(photos, out, workers=1)
    assert [(record.ref.stem, record.distortion, record.level) for record in dataset.records] == [
        (name, distortion.title, level)
        for name in ("one", "two")
        for distortion in DISTORTIONS.values()
        for level in LEVELS
    ]
    for record in dataset.records:
        assert record.category == category_of(record.distortion) is not None
        assert record.target == record.level
        with Image.open(record.dist) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (60, 48))
    assert len(contents(out)) == 2 + 250 + 1


def test_images_are_the_distorted_references(tmp_path, photos):
    dataset = make(tmp_path / "out", photos)
    for record in dataset.records:
        if record.distortion == "JPEG compression":
            ref, dist = (np.array(Image.open(path)) for path in (record.ref, record.dist))
            assert np.array_equal(dist, DISTORTIONS["jpeg"](ref, record.level, np.random.default_rng()))
    assert np.array_equal(Image.open(tmp_path / "out" / "ref" / "one.png"), Image.open(photos / "one.png"))


def test_the_manifest(tmp_path, photos):
    out = tmp_path / "out"
    make(out, photos, types=["jpeg", "mean_shift"], levels=[2, 5])
    with (out / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[:4] == [
        {
            "dist": f"dist/one_{distortion}_{level}.png",
            "ref": "ref/one.png",
            "distortion": title,
            "level": level,
            "category": category,
            "monotone": monotone,
        }
        for distortion, title, category, monotone in (
            ("jpeg", "JPEG compression", "compression", "true"),
            ("mean_shift", "mean shift", "contrast", "false"),
        )
        for level in ("2", "5")
    ]
    assert len(rows) == 8


def test_the_manifest_loads_as_a_dataset(tmp_path, photos):
    made = make(tmp_path / "out", photos)
    loaded = load("csv", tmp_path / "out")
    assert loaded.records == made.records
    assert (loaded.target_field, loaded.target_lower_is_better) == ("level", True)


def test_the_notes_say_where_quality_does_not_fall(tmp_path, photos):
    notes = " ".join(make(tmp_path / "all", photos, types=["jpeg", "mean_shift", "contrast_change"]).notes)
    assert "does not fall steadily with the level of mean shift, contrast change" in notes
    assert "leave 8-bit images as they are: mean shift 3" in notes
    notes = " ".join(make(tmp_path / "some", photos, types=["mean_shift", "motion_blur"], levels=[2, 4]).notes)
    assert "leave" not in notes
    assert "how strong it is, not how bad it looks" in notes
    assert "steadily" not in " ".join(make(tmp_path / "fall", photos).notes)


def test_progress_counts_images(tmp_path, photos):
    steps = []
    make(tmp_path / "out", photos, progress=lambda *step: steps.append(step))
    assert steps[0] == (1, 32)
    assert steps[-1] == (32, 32)
    assert all(a < b for (a, _), (b, _) in pairwise(steps))


# The same again


def test_the_number_of_workers_changes_nothing(tmp_path, photos):
    one = make(tmp_path / "one", photos)
    two = make(tmp_path / "two", photos, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert one.notes == two.notes


def test_order_and_company_change_no_image(tmp_path, photos):
    make(tmp_path / "all", photos)
    (photos / "one.png").unlink()
    make(tmp_path / "some", photos, types=["white_noise", "motion_blur"], levels=[4, 2])
    make(tmp_path / "turned", photos, types=["motion_blur", "white_noise"], levels=[2, 4])
    everything, some = contents(tmp_path / "all"), contents(tmp_path / "some")
    assert some == contents(tmp_path / "turned")
    assert len(some) == 6
    for path in some.keys() - {Path("manifest.csv")}:
        assert some[path] == everything[path]


def test_the_seed_changes_what_is_random(tmp_path, photos):
    zero, one = make(tmp_path / "a", photos), make(tmp_path / "b", photos, seed=1)
    for a, b in zip(zero.records, one.records, strict=True):
        if a.distortion != "motion blur":  # whose direction may be the same
            same = np.array_equal(*(np.array(Image.open(record.dist)) for record in (a, b)))
            assert same == (a.distortion == "JPEG compression")


# Resuming


def test_a_complete_set_is_left_alone(tmp_path, photos):
    out = tmp_path / "out"
    first = make(out, photos)
    before = times(out)
    assert make(out, photos) == first
    assert times(out) == before


def test_what_is_missing_or_cut_is_made_again_and_the_rest_kept(tmp_path, photos):
    out = tmp_path / "out"
    dataset = make(out, photos)
    before, written = contents(out), times(out)
    deleted = [record.dist for record in dataset.records[::2]]
    for path in deleted:
        path.unlink()
    cut, headless, empty = (record.dist for record in dataset.records[1:6:2])
    cut.write_bytes(cut.read_bytes()[:-40])
    headless.write_bytes(headless.read_bytes()[:20])
    empty.write_bytes(b"")
    assert make(out, photos) == dataset
    assert contents(out) == before
    again = {path for path, changed in times(out).items() if changed != written[path]}
    assert again == {*deleted, cut, headless, empty}


def test_more_types_and_levels_keep_what_is_there(tmp_path, photos):
    out = tmp_path / "out"
    make(out, photos, types=["jpeg"], levels=[1, 2])
    before = times(out)
    make(out, photos)
    assert {path for path in before if times(out)[path] != before[path]} == {out / "manifest.csv"}
    make(tmp_path / "fresh", photos)
    assert contents(out) == contents(tmp_path / "fresh")


@pytest.mark.parametrize("change", ["seed", "photo"])
def test_other_settings_or_photographs_are_made_again(tmp_path, photos, change):
    out, settings = tmp_path / "out", {}
    make(out, photos)
    if change == "seed":
        settings["seed"] = 5
    else:
        save_photo(photos / "two.jpg", seed=9)
    make(out, photos, **settings)
    make(tmp_path / "fresh", photos, **settings)
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_killed_run_leaves_whole_images_and_is_completed(tmp_path, photos):
    save_photo(photos / "one.png", (400, 300), 1)
    out = tmp_path / "out"
    module = "deepmse.plugin.datasets.synthesis.distorted_sets"
    code = f"import sys; from {module} import make_synthetic as make; make(*sys.argv[1:], workers=1)"
    run = subprocess.Popen([sys.executable, "-c", code, photos, out])
    while run.poll() is None and len(list(out.glob("dist/*.png"))) < 20:
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    made = list(out.glob("*/*.png"))
    assert len(made) < 2 * 126
    for path in made:
        Image.open(path).load()
    assert not (out / "manifest.csv").exists()
    make(out, photos, types=["gaussian_blur", "jpeg"])
    make(tmp_path / "fresh", photos, types=["gaussian_blur", "jpeg"])
    resumed = contents(out)
    assert all(resumed[path] == data for path, data in contents(tmp_path / "fresh").items())


def test_what_cannot_be_written_is_not_half_there(tmp_path, photos, monkeypatch):
    def fail(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=r"one\.png: cannot be written \(No space left"):
        make(tmp_path / "out", photos)
    assert contents(tmp_path / "out") == {}


# Bad input


def test_images_of_other_origin_are_not_overwritten(tmp_path, photos):
    out = tmp_path / "out"
    save_photo(photos / "one.png", seed=7)
    (out / "ref").mkdir(parents=True)
    save_photo(out / "ref" / "one.png")
    before = contents(out)
    with pytest.raises(UsageError, match=r"ref/one\.png: was not made by this program.*another folder"):
        make(out, photos)
    assert contents(out) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_broken_photograph_is_left_out_and_named(tmp_path, photos, workers):
    whole = (photos / "one.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "text.jpg").write_text("not a picture")
    save_photo(photos / "thin.png", (200, 20))
    steps = []
    dataset = make(tmp_path / "out", photos, workers=workers, progress=lambda *step: steps.append(step))
    assert len(dataset.records) == 30
    left_out = [note.split()[0] for note in dataset.notes if "left out" in note]
    assert left_out == ["cut.png", "text.jpg", "thin.png"]
    assert steps[-1] == (5 * 16, 5 * 16)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"types": ["jpeg", "fog"]}, "no distortion fog; there are gaussian_blur, lens_blur, .*contrast_change"),
        ({"types": []}, "no distortion chosen; there are gaussian_blur"),
        ({"levels": [1, 6]}, "no distortion level 6; there are 1, 2, 3, 4, 5"),
        ({"levels": []}, "no distortion level chosen"),
        ({"seed": -1}, "seed is -1; it must be 0 or more"),
        ({"workers": 0}, "workers is 0; it must be 1 or more"),
    ],
)
def test_wrong_settings(tmp_path, photos, settings, message):
    with pytest.raises(UsageError, match=message):
        make(tmp_path / "out", photos, **settings)
    assert not (tmp_path / "out").exists()


def test_no_usable_photograph(tmp_path):
    folder = tmp_path / "photos"
    with pytest.raises(UsageError, match="photos: no such folder"):
        make(tmp_path / "out", folder)
    folder.mkdir()
    with pytest.raises(UsageError, match="photos: no photographs"):
        make(tmp_path / "out", folder)
    (folder / "a.jpg").write_text("not a picture")
    with pytest.raises(UsageError, match=r"no usable photograph; a\.jpg was left out"):
        make(tmp_path / "out", folder)


def test_photographs_of_one_name_have_the_suffix_in_theirs(tmp_path, photos):
    save_photo(photos / "ONE.bmp", seed=3)
    names = {record.ref.name for record in make(tmp_path / "out", photos).records}
    assert names == {"ONE_bmp.png", "one_png.png", "two.png"}


@pytest.mark.parametrize(
    ("photos", "names"),
    [
        (["a.png", "b.png"], ["a", "b"]),
        (["a.png", "A.jpg", "b.png"], ["a_png", "A_jpg", "b"]),
        (["x/a.png", "y/a.png", "y/b.png"], ["x_a_png", "y_a_png", "b"]),
        (["x/a.png", "x/a.jpg", "y/a.png"], ["x_a_png", "a_jpg", "y_a_png"]),
        (["1/x/a.png", "2/x/a.png", "3/x/a.png"], ["x_a_png", "x_a_png_2", "x_a_png_3"]),
        (["x/a.png", "x/A.png", "x/a_png.png"], ["x_a_png", "x_A_png_2", "x_a_png_png"]),
        (["1/x/a.png", "2/x/a.png", "x_a_png_2.png"], ["x_a_png", "x_a_png_2", "x_a_png_2_2"]),
    ],
)
def test_names_are_never_the_same(photos, names):
    assert names_of([Path(photo) for photo in photos]) == names


def test_photographs_of_one_file_name_in_two_folders(tmp_path):
    paths = [tmp_path / folder / "photo.png" for folder in ("a", "b")]
    for seed, path in enumerate(paths):
        save_photo(path, seed=seed)
    settings = {"name": "set", "source": "", "types": ["jpeg"], "levels": [1], "seed": 0}
    made = write_set(paths, tmp_path / "out", **settings)
    refs = [record.ref for record in made.records]
    assert [ref.name for ref in refs] == ["a_photo_png.png", "b_photo_png.png"]
    for ref, path in zip(refs, paths, strict=True):
        assert np.array_equal(Image.open(ref), Image.open(path))
    assert load("csv", tmp_path / "out").records == made.records
    before = contents(tmp_path / "out")
    write_set(paths, tmp_path / "out", **settings)
    assert contents(tmp_path / "out") == before


def test_workers_know_the_functions_of_a_plugin_by_their_installed_name():
    function = SimpleNamespace(__module__="some.other.plugin.datasets.synthesis.photos", __name__="names_of")
    with starmap_by(2) as run:
        assert list(run(function, [([Path("a.png")],), ([Path("b.png"), Path("b.jpg")],)])) == [
            ["a"],
            ["b_png", "b_jpg"],
        ]


def test_a_dead_worker_is_said_to_be_one():
    with pytest.raises(DeepMSEError, match="run again with fewer"), starmap_by(2):
        raise BrokenProcessPool
