"""The demonstration set: what it writes, that it repeats itself, and what it does with broken photographs."""

import csv
import shutil
from collections import Counter

import numpy as np
import pytest
from deepmse.plugin.datasets import make_demo
from deepmse.plugin.datasets.synthesis import demo
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS
from deepmse.plugin.errors import UsageError
from PIL import Image


def save_photo(path, size=(96, 64), seed=0):
    path.parent.mkdir(exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    save_photo(folder / "one.png", seed=1)
    save_photo(folder / "two.jpg", seed=2)
    return folder


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def test_records_and_manifest_agree(tmp_path, photos):
    out = tmp_path / "out"
    dataset = make_demo(out, photos)
    with (out / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:4] == ["dist", "ref", "distortion", "level"]
    assert [(out / row["dist"], out / row["ref"], row["distortion"], int(row["level"])) for row in rows] == [
        (record.dist, record.ref, record.distortion, record.level) for record in dataset.records
    ]
    assert Counter((record.distortion, record.level) for record in dataset.records) == {
        (DISTORTIONS[name].title, level): 2 for name in demo.TYPES for level in (1, 2, 3, 4, 5)
    }
    assert {record.ref.name for record in dataset.records} == {"one.png", "two.png"}
    assert all(record.target == record.level for record in dataset.records)
    assert len(demo.TYPES) == 4


def test_the_target_is_said_to_be_a_severity(tmp_path, photos):
    dataset = make_demo(tmp_path / "out", photos)
    assert (dataset.target_field, dataset.target_range) == ("level", (1, 5))
    assert dataset.target_lower_is_better
    assert dataset.target_kind == "severity (not an opinion score)"


def test_quality_falls_with_the_level(tmp_path, photos):
    errors = {}
    for record in make_demo(tmp_path / "out", photos).records:
        ref, dist = (np.array(Image.open(path)).astype(float) for path in (record.ref, record.dist))
        errors.setdefault((record.ref, record.distortion), []).append(np.mean((ref - dist) ** 2))
    assert len(errors) == 8
    for by_level in errors.values():
        assert np.all(np.diff(by_level) > 0)


def test_same_photographs_and_seed_give_the_same_files(tmp_path, photos):
    make_demo(tmp_path / "a", photos)
    make_demo(tmp_path / "b", photos)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_noise_of_one_photograph_does_not_depend_on_the_others(tmp_path, photos):
    make_demo(tmp_path / "both", photos)
    (photos / "one.png").unlink()
    make_demo(tmp_path / "alone", photos)
    name = "dist/two_white_noise_3.png"
    assert (tmp_path / "both" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_another_seed_gives_other_noise_and_the_same_compression(tmp_path, photos):
    first, second = make_demo(tmp_path / "a", photos), make_demo(tmp_path / "b", photos, seed=1)
    for a, b in zip(first.records, second.records, strict=True):
        same = np.array_equal(*(np.array(Image.open(record.dist)) for record in (a, b)))
        assert same == (a.distortion != "white noise")


def test_a_complete_set_is_reused(tmp_path, photos):
    out = tmp_path / "out"
    first = make_demo(out, photos)
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert make_demo(out, photos) == first
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.*")} == written


@pytest.mark.parametrize("damage", ["image", "reference", "manifest"])
def test_an_incomplete_set_is_completed(tmp_path, photos, damage):
    out = tmp_path / "out"
    first = make_demo(out, photos)
    before = contents(out)
    if damage == "image":
        first.records[7].dist.unlink()
    elif damage == "reference":
        first.records[7].ref.unlink()
    else:
        (out / "manifest.csv").unlink()
    assert make_demo(out, photos) == first
    assert contents(out) == before


def test_a_set_of_other_photographs_or_seed_is_made_again(tmp_path, photos):
    out = tmp_path / "out"
    make_demo(out, photos)
    noisy = out / "dist" / "one_white_noise_5.png"
    before = noisy.read_bytes()
    make_demo(out, photos, seed=3)
    assert noisy.read_bytes() != before
    save_photo(photos / "three.png", seed=3)
    assert len(make_demo(out, photos, seed=3).records) == 60


def test_broken_photographs_are_left_out_and_named(tmp_path, photos):
    whole = (photos / "one.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "text.jpg").write_text("not a picture")
    (photos / "empty.bmp").touch()
    save_photo(photos / "thin.png", size=(200, 20))
    Image.fromarray(np.zeros((64, 64), np.float32)).save(photos / "deep.tiff")
    (photos / "readme.txt").write_text("no image, and not taken for one")
    steps = []
    dataset = make_demo(tmp_path / "out", photos, progress=lambda *step: steps.append(step))
    assert len(dataset.records) == 40
    left_out = {note.split()[0]: note for note in dataset.notes if "left out" in note}
    assert left_out.keys() == {"cut.png", "text.jpg", "empty.bmp", "thin.png", "deep.tiff", "Files"}
    assert "too small: 200×20" in left_out["thin.png"]
    assert "no defined white" in left_out["deep.tiff"]
    assert left_out["Files"] == "Files left out: 1 that are no images by their names (.txt)."
    assert [all_ for _, all_ in steps] == [7 * 21] * len(steps)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    assert steps[-1] == (7 * 21, 7 * 21)
    assert make_demo(tmp_path / "out", photos).notes == dataset.notes


def test_no_usable_photograph(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    with pytest.raises(UsageError, match="photos: no photographs"):
        make_demo(tmp_path / "out", folder)
    (folder / "a.jpg").write_text("not a picture")
    with pytest.raises(UsageError, match=r"no usable photograph; a\.jpg was left out"):
        make_demo(tmp_path / "out", folder)
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        make_demo(tmp_path / "out", tmp_path / "nowhere")


def test_an_output_that_is_a_file(tmp_path, photos):
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="out/ref: cannot be made"):
        make_demo(tmp_path / "out", photos)


def test_photographs_of_one_name_and_two_formats_are_kept_apart(tmp_path, photos):
    save_photo(photos / "one.bmp", seed=5)
    dataset = make_demo(tmp_path / "out", photos)
    assert {record.ref.name for record in dataset.records} == {"one_bmp.png", "one_png.png", "two.png"}
    assert len({record.dist for record in dataset.records}) == 60


def test_photographs_are_upright_opaque_and_small(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    Image.new("RGB", (1200, 600), "red").save(folder / "turned.jpg", exif=exif)
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(folder / "clear.png")
    make_demo(tmp_path / "out", folder)
    assert Image.open(tmp_path / "out" / "ref" / "turned.png").size == (256, 512)
    assert Image.open(tmp_path / "out" / "ref" / "clear.png").getextrema() == ((255, 255),) * 3


def test_the_photographs_that_come_with_scikit_image(tmp_path):
    pytest.importorskip("skimage")
    dataset = make_demo(tmp_path / "out")
    refs = {record.ref for record in dataset.records}
    assert (len(refs), len(dataset.records)) == (8, 160)
    for ref in refs:
        pixels = np.array(Image.open(ref))
        assert pixels.shape[2] == 3
        assert max(pixels.shape) <= 512
        assert np.any(pixels[..., 0] != pixels[..., 2])
    shutil.rmtree(tmp_path / "out")


def test_without_scikit_image(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install scikit-image"):
        make_demo(tmp_path / "out")
