"""The LIVE subset: a miniature of its layout, broken twins of it, and the real one."""

import csv

import pytest
from deepmse.plugin.datasets import load
from deepmse.plugin.errors import UsageError
from PIL import Image

HEADER = ["dist_img", "ref_img", "distortion", "dmos", "dmos_std", "n_live_entries"]


@pytest.fixture
def root(tmp_path):
    rows = [
        ["a_wn_img1.png", "a.png", "wn", "61.5", "2.25", "1"],
        ["a_jpeg_img2.png", "a.png", "jpeg", "8", "3", "1"],
    ]
    write_table(tmp_path, HEADER, rows)
    for name in ("ref/a.png", "dist/a_wn_img1.png", "dist/a_jpeg_img2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    return tmp_path


def write_table(root, header, rows):
    with (root / "dmos.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_miniature(root):
    dataset = load("live_subset", root)
    assert (dataset.name, dataset.target_field, dataset.target_kind) == ("live_subset", "mos", "DMOS")
    assert dataset.target_lower_is_better
    assert dataset.target_range == (0, 100)
    first, second = dataset.records
    assert first.dist == root / "dist" / "a_wn_img1.png"
    assert first.ref == root / "ref" / "a.png"
    assert (first.distortion, first.level, first.target, first.target_std) == ("white noise", None, 61.5, 2.25)
    assert (second.distortion, second.target, second.target_std) == ("JPEG compression", 8, 3)


def test_missing_folder(tmp_path):
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        load("live_subset", tmp_path / "nowhere")


def test_missing_table(root):
    (root / "dmos.csv").unlink()
    with pytest.raises(
        UsageError, match=r"no dmos\.csv; The subset of LIVE release 2 is expected as its authors ship it"
    ):
        load("live_subset", root)


def test_missing_column(root):
    write_table(root, [name for name in HEADER if name != "dmos"], [])
    with pytest.raises(UsageError, match=r"dmos\.csv: no column dmos$"):
        load("live_subset", root)


@pytest.mark.parametrize("text", ["61,5", "", "nan", "inf"])
def test_malformed_number(root, text):
    write_table(root, HEADER, [["a_wn_img1.png", "a.png", "wn", text, "2", "1"]])
    with pytest.raises(UsageError, match=rf"dmos\.csv, line 2: dmos is '{text}', not a number"):
        load("live_subset", root)


def test_table_that_is_not_text(root):
    (root / "dmos.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"dmos\.csv: .*decode"):
        load("live_subset", root)


def test_malformed_type(root):
    write_table(root, HEADER, [["a_wn_img1.png", "a.png", "fog", "61.5", "2", "1"]])
    with pytest.raises(UsageError, match="line 2: 'fog' is none of the types jp2k, jpeg, wn, gblur, fastfading"):
        load("live_subset", root)


def test_one_missing_image(root):
    (root / "dist" / "a_jpeg_img2.png").unlink()
    dataset = load("live_subset", root)
    assert [record.dist.name for record in dataset.records] == ["a_wn_img1.png"]
    assert [record.dist.name for record in dataset.missing] == ["a_jpeg_img2.png"]
    assert dataset.notes[-1] == "1 of 2 images, or their references, are missing and left out."


def test_the_real_subset(test_data):
    dataset = load("live_subset", test_data / "data" / "live_subset")
    assert len(dataset.records) == 79
    assert len({record.ref for record in dataset.records}) == 4
    assert {record.distortion for record in dataset.records} == {
        "fast fading",
        "Gaussian blur",
        "JPEG compression",
        "white noise",
    }
    known = {record.dist.name: record for record in dataset.records}["buildings_fastfading_img66.png"]
    assert (known.target, known.target_std) == (59.220409, 2.554824)
    assert known.ref.name == "buildings.png"
