"""The dataset doctor: sound miniatures are clean, and each fault is found, counted and named."""

import json
import shutil
import struct
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.datasets import dataset_info, load
from deepmse.plugin.datasets.check import check, examine
from deepmse.plugin.datasets.findings import EXAMPLES
from deepmse.plugin.errors import UsageError
from PIL import Image

from ... import layouts

FULL_SIZE = ("live_release1", "live_release2")
"""Miniatures with as many images as the publication."""


@pytest.fixture(scope="module")
def miniatures(tmp_path_factory):
    return {name: layouts.build(name, tmp_path_factory.mktemp(name)) for name in layouts.BUILDERS}


@pytest.fixture
def broken(miniatures, tmp_path):
    """A copy of a miniature, to be broken, and the report on it."""

    def make(name: str):
        root = Path(shutil.copytree(miniatures[name].root, tmp_path / name))
        return root, lambda: report(name, root, miniatures[name].records)

    return make


def report(name, root, sound):
    """What the doctor says, had only the records of ``sound`` been published, in the miniatures' size."""
    info = replace(
        dataset_info(name),
        counts=Counter((record.distortion, record.level) for record in sound),
        n_references=len({record.ref for record in sound} - {None}),
        sizes=(layouts.SIZE,),
    )
    return examine(load(name, root), info, root)


def only(report, kind):
    """The one finding that is no note, or the note of that kind."""
    serious = [finding.kind for finding in report.findings if finding.severity != "note"]
    assert serious in ([kind], [])
    (finding,) = [finding for finding in report.findings if finding.kind == kind]
    assert report.clean == (finding.severity == "note")
    assert finding.effect
    return finding


@pytest.mark.parametrize("name", layouts.BUILDERS)
def test_sound_copies_are_clean(miniatures, name):
    result = report(name, miniatures[name].root, miniatures[name].records)
    assert [finding for finding in result.findings if finding.severity != "note"] == []
    assert result.clean
    assert result.n_images == len(miniatures[name].records)


@pytest.mark.parametrize("name", FULL_SIZE)
def test_live_has_the_published_numbers(miniatures, name):
    result = check(name, miniatures[name].root)
    assert result.clean
    assert {finding.kind for finding in result.findings} == {"left out", "fact"}
    assert (result.n_images, result.n_references) == ({"live_release1": 344, "live_release2": 779}[name], 29)
    assert result.sizes == {layouts.SIZE: result.n_images + 29}


def test_missing_image(broken):
    root, examined = broken("tid2013")
    (root / "distorted_images" / "i03_08_4.BMP").unlink()
    (root / "reference_images" / "i25.bmp").unlink()
    result = examined()
    finding = only(result, "missing")
    assert "extra" not in {finding.kind for finding in result.findings}
    assert (finding.severity, finding.count) == ("error", 2)
    assert set(finding.examples) == {"I03_08_4.bmp", "i25.bmp"}
    assert "121 of 360 records" in finding.message


def test_scores_of_too_few_images(broken):
    root, examined = broken("tid2013")
    for name in ("mos_with_names.txt", "mos_std.txt"):
        lines = (root / name).read_text().splitlines(keepends=True)
        (root / name).write_text("".join(lines[:46] + lines[47:]))
    result = examined()
    finding = only(result, "counts")
    assert (finding.severity, finding.count) == ("error", 1)
    assert finding.examples == ("JPEG compression, level 2: 2 instead of 3",)
    assert [f.examples for f in result.findings if f.kind == "extra"] == [("distorted_images/i01_10_2.bmp",)]


def test_scores_of_too_few_references(broken):
    root, examined = broken("kadid10k")
    lines = (root / "dmos.csv").read_text().splitlines(keepends=True)
    (root / "dmos.csv").write_text("".join(lines[:126]))
    finding = next(finding for finding in examined().findings if finding.kind == "counts")
    assert finding.count == 125
    assert len(finding.examples) == EXAMPLES
    assert finding.message.endswith("125 in all, published 250")
    (references,) = [finding for finding in examined().findings if finding.kind == "references"]
    assert (references.severity, references.count) == ("error", 1)


def test_miniatures_are_not_the_publication(miniatures):
    result = check("kadid10k", miniatures["kadid10k"].root)
    counts = next(finding for finding in result.findings if finding.kind == "counts")
    assert counts.count == 10125 - 250
    assert "Gaussian blur, level 1: 2 instead of 81" in counts.examples
    assert not result.clean


def test_references_instead_of_published(miniatures):
    records = miniatures["csiq"].records
    root = miniatures["csiq"].root
    counts = Counter((record.distortion, record.level) for record in records)
    info = replace(dataset_info("csiq"), counts=counts, sizes=(layouts.SIZE,))
    assert only(examine(load("csiq", root), info, root), "references").count == 28


def test_extra_image(broken):
    root, examined = broken("kadid10k")
    layouts.save(root / "images" / "I01_01_01 (copy).png")
    (root / "images" / "notes.txt").write_text("")
    finding = only(examined(), "extra")
    assert (finding.severity, finding.count) == ("note", 1)
    assert finding.examples == ("images/I01_01_01 (copy).png",)


@pytest.mark.parametrize("content", [b"", b"no image", None], ids=["empty", "text", "truncated"])
def test_image_that_cannot_be_decoded(broken, content):
    root, examined = broken("kadid10k")
    path = root / "images" / "I81_10_03.png"
    path.write_bytes(path.read_bytes()[:100] if content is None else content)
    finding = only(examined(), "unreadable")
    assert (finding.severity, finding.count) == ("error", 1)
    assert finding.examples[0].startswith("images/I81_10_03.png: ")
    assert len(finding.examples[0]) > len("images/I81_10_03.png: ")


def test_resized_copy(broken):
    root, examined = broken("kadid10k")
    for path in (root / "images").iterdir():
        layouts.save(path, (60, 40))
    finding = only(examined(), "size")
    assert (finding.severity, finding.count) == ("warning", 252)
    assert "not of the published size, 36×32" in finding.message
    assert finding.examples[0].endswith(": 60×40")


def test_other_size_than_the_reference(broken):
    root, _ = broken("live_subset")
    layouts.save(root / "dist" / "bikes_jpeg_img2.png", (36, 33))
    info = replace(dataset_info("live_subset"), counts={}, sizes=())
    finding = only(examine(load("live_subset", root), info, root), "pair size")
    assert (finding.severity, finding.count) == ("error", 1)
    assert finding.examples == ("dist/bikes_jpeg_img2.png: 36×33, reference 36×32",)


def test_the_same_pixels_twice(broken):
    root, examined = broken("kadid10k")
    images = root / "images"
    # Other bytes, the same pixels.
    Image.open(images / "I01_01_01.png").save(images / "I01_01_02.png", compress_level=0)
    shutil.copy(images / "I81.png", images / "I81_09_01.png")
    shutil.copy(images / "I81.png", images / "I81_09_02.png")
    finding = only(examined(), "duplicate")
    assert (finding.severity, finding.count) == ("warning", 3)
    assert finding.message.startswith("5 images show only 2 different pictures")
    scores = {record.dist.name: record.target for record in load("kadid10k", root).records}
    one, two, nine, ten = (
        f"images/{name} ({scores[name]:g})"
        for name in ("I01_01_01.png", "I01_01_02.png", "I81_09_01.png", "I81_09_02.png")
    )
    assert set(finding.examples) == {f"{one} = {two}", f"images/I81.png = {nine} = {ten}"}
    assert finding.files == tuple(
        f"images/I{name}.png" for name in ("01_01_01", "01_01_02", "81", "81_09_01", "81_09_02")
    )


def test_images_of_one_byte_string_in_two_shapes_are_different(tmp_path):
    for name, size in (("wide.png", (48, 32)), ("high.png", (32, 48))):
        Image.new("RGB", size, "red").save(tmp_path / name)
    assert check("folder", tmp_path).clean


def test_images_of_one_byte_string_in_two_modes_are_different(tmp_path):
    pixels = bytes(range(96)) * 48
    Image.frombytes("RGBA", layouts.SIZE, pixels).save(tmp_path / "rgba.png")
    Image.frombytes("CMYK", layouts.SIZE, pixels).save(tmp_path / "cmyk.tif")
    assert check("folder", tmp_path).clean


def test_grey_and_colour_files_of_the_same_picture_are_the_same(tmp_path):
    grey = Image.new("L", (48, 32), 77)
    grey.save(tmp_path / "grey.png")
    grey.convert("RGB").save(tmp_path / "colour.png")
    assert only(check("folder", tmp_path), "duplicate").examples == ("colour.png = grey.png",)


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "example"),
    [
        ("kadid10k", "dmos.csv", "I01_01_01.png,I01.png,3.2,", "I01_01_01.png,I01.png,0.9,", "I01_01_01.png: 0.9"),
        ("tid2013", "mos_with_names.txt", "0.3000 i01_01_1.bmp", "30.00 i01_01_1.bmp", "i01_01_1.bmp: 30"),
        ("biq2021_train2000", "mos.csv", "ss01 (1).jpg,0.37", "ss01 (1).jpg,1.37", "ss01 (1).jpg: 1.37"),
    ],
)
def test_score_outside_the_range(broken, name, file, old, new, example):
    root, examined = broken(name)
    text = (root / file).read_text()
    assert text.count(old) == 1
    (root / file).write_text(text.replace(old, new))
    finding = only(examined(), "range")
    assert (finding.severity, finding.count, finding.examples) == ("error", 1, (example,))


def test_live_scores_may_lie_a_little_outside_the_range(miniatures):
    targets = [record.target for record in load("live_release2", miniatures["live_release2"].root).records]
    assert min(targets) < 0
    assert max(targets) > 100
    assert check("live_release2", miniatures["live_release2"].root).clean


def test_image_with_two_scores(broken):
    root, examined = broken("koniq10k")
    path = root / "koniq10k_distributions_sets.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], lines[1]]))
    finding = next(finding for finding in examined().findings if finding.kind == "repeated")
    assert (finding.severity, finding.count, finding.files) == ("error", 1, ("512x384/10004473376.jpg",))


def test_names_of_another_case(miniatures):
    records = miniatures["biq2021"].records
    finding = only(report("biq2021", miniatures["biq2021"].root, records), "case")
    assert (finding.severity, finding.count) == ("note", 1)
    assert finding.examples == ("ss02 (7).jpg is Images/ss02 (7).JPG",)


def test_live_copies_are_a_note_where_they_are_as_published(miniatures):
    result = check("live_release2", miniatures["live_release2"].root)
    (finding,) = [finding for finding in result.findings if finding.kind == "left out"]
    assert (finding.severity, finding.count) == ("note", 203)


def test_live_copies_that_are_not_as_published(miniatures):
    root = miniatures["live_release1"].root
    info = replace(dataset_info("live_release1"), n_left_out=203)
    finding = only(examine(load("live_release1", root), info, root), "left out")
    assert (finding.severity, finding.count) == ("warning", 116)
    assert finding.message.endswith("published 203")


@pytest.mark.parametrize(
    ("name", "text"), [("kadid10k", "called dmos, but higher is better"), ("csiq", "866 images; 750 without")]
)
def test_traps_are_told(miniatures, name, text):
    result = report(name, miniatures[name].root, miniatures[name].records)
    assert any(text in finding.message for finding in result.findings if finding.kind == "fact")
    assert result.clean


def test_what_is_true_of_this_copy_alone_is_told_once(broken):
    root, examined = broken("biq2021")
    (root / "Test (Images and MOS).csv").unlink()
    next(root.rglob("*.jpg")).unlink()
    findings = examined().findings
    assert [finding.message for finding in findings if finding.kind == "fact"] == [
        "Without Test (Images and MOS).csv its images are left out."
    ]
    assert "missing" in [finding.kind for finding in findings]


def png_16_bit_colour(path, size):
    """Pillow writes no 16-bit colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = np.random.default_rng(0).integers(0, 65536, (size[1], size[0] * 3)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 16, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_more_than_8_bits(broken):
    root, examined = broken("kadid10k")
    Image.fromarray(np.arange(1152, dtype=np.uint16).reshape(32, 36) * 50).save(root / "images" / "I01_01_01.png")
    png_16_bit_colour(root / "images" / "I01_01_02.png", layouts.SIZE)
    finding = only(examined(), "depth")
    assert (finding.severity, finding.count) == ("warning", 2)
    assert finding.examples == ("images/I01_01_01.png", "images/I01_01_02.png")


def test_errors_come_first_and_the_report_is_json(broken):
    root, examined = broken("kadid10k")
    (root / "images" / "I01_01_01.png").write_bytes(b"")
    shutil.copy(root / "images" / "I01_01_03.png", root / "images" / "I01_01_04.png")
    result = examined()
    severities = [finding.severity for finding in result.findings]
    assert severities == ["error", "warning", "note", "note", "note"]
    content = json.loads(json.dumps(result.to_dict()))
    assert content["dataset"] == "KADID-10k"
    assert content["clean"] is False
    assert content["sizes"] == {"36x32": 251}
    assert content["findings"][1] == {
        "kind": "duplicate",
        "severity": "warning",
        "count": 1,
        "message": result.findings[1].message,
        "effect": result.findings[1].effect,
        "files": ["images/I01_01_03.png", "images/I01_01_04.png"],
        "details": list(result.findings[1].details),
    }


def test_all_files_are_in_the_report_and_some_are_examples(broken):
    root, examined = broken("kadid10k")
    paths = sorted((root / "images").glob("I81_*"))
    for path in paths:
        path.write_bytes(b"")
    finding = only(examined(), "unreadable")
    assert finding.files == tuple(f"images/{path.name}" for path in paths)
    assert finding.examples == finding.details[:EXAMPLES]
    assert len(finding.examples) == EXAMPLES


def test_progress_counts_every_image(miniatures):
    steps = []
    check("live_subset", miniatures["live_subset"].root, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 5) for done in range(1, 6)]


def test_what_cannot_be_loaded_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no dmos\.csv"):
        check("kadid10k", tmp_path)


# The real ones


def test_the_real_photographs_are_clean(test_data):
    result = check("folder", test_data / "data" / "kodak24")
    assert result.clean
    assert result.sizes == {(768, 512): 18, (512, 768): 6}


def test_live_has_images_twice(test_data):
    result = check("live_subset", test_data / "data" / "live_subset")
    finding = only(result, "duplicate")
    root = test_data / "data" / "live_subset"
    for first, second in zip(finding.files[::2], finding.files[1::2], strict=True):
        assert np.array_equal(*(np.asarray(Image.open(root / name)) for name in (first, second)))
    assert finding.examples[0] == (
        "dist/buildings_fastfading_img66.png (59.2204) = dist/buildings_fastfading_img67.png (73.4618)"
    )
    assert (finding.count, result.n_images, result.n_references) == (3, 79, 4)


def test_the_doctor_refuses_what_scoring_refuses_and_nothing_else(tmp_path, run):
    import tifffile

    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    photo.save(tmp_path / "good.png")
    photo.save(tmp_path / "good.tga")
    photo.resize((64, 31)).save(tmp_path / "small.png")
    photo.convert("F").save(tmp_path / "float.tif")
    photo.convert("LAB").save(tmp_path / "lab.tif")
    Image.fromarray(np.zeros((48, 64), np.uint16)).save(tmp_path / "deep.png")
    tifffile.imwrite(
        tmp_path / "planes.tif", np.zeros((3, 48, 64), np.uint16), photometric="rgb", planarconfig="separate"
    )
    tifffile.imwrite(tmp_path / "spectrum.tif", np.zeros((7, 48, 64), np.uint16), planarconfig="separate")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:3000])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.webp").write_text("no picture")
    (tmp_path / "huge.png").write_bytes(huge_png())
    photo.save(tmp_path / "turned.jpg", exif=turned())
    names = sorted(path.name for path in tmp_path.iterdir())
    report = check("folder", tmp_path)
    (found,) = [finding for finding in report.findings if finding.kind == "unreadable"]
    table = tmp_path / "table.csv"
    table.write_text("dist\n" + "".join(f"{name}\n" for name in names))
    scored = run("score", table, "-m", "piqe")
    refused = {row["dist"]: row["error"] for row in scored.rows if row["error"]}
    assert set(refused) == set(found.files)
    assert set(names) - set(refused) == {"good.png", "good.tga", "deep.png", "planes.tif", "turned.jpg"}
    for detail in found.details:
        name, _, reason = detail.partition(": ")
        assert reason in refused[name]


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def huge_png() -> bytes:
    """A header that claims a hundred thousand pixels a side."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_turned_copies_are_of_one_size_and_other_than_their_stored_pixels(tmp_path):
    (tmp_path / "ref").mkdir()
    (tmp_path / "dist").mkdir()
    upright = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    upright.save(tmp_path / "ref" / "a.png")
    # Stored lying, shown upright; and the same stored pixels with a tag that turns them.
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "dist" / "lying.png", exif=turned())
    upright.save(tmp_path / "dist" / "tagged.png", exif=turned())
    upright.save(tmp_path / "dist" / "remarked.png", exif=Image.Exif())
    rows = "".join(f"dist/{name}.png,ref/a.png,1\n" for name in ("lying", "tagged", "remarked"))
    (tmp_path / "manifest.csv").write_text("dist,ref,mos\n" + rows)
    findings = {finding.kind: finding for finding in check("csv", tmp_path).findings}
    assert findings["pair size"].files == ("dist/tagged.png",)
    assert findings["duplicate"].examples == ("dist/lying.png (1) = dist/remarked.png (1) = ref/a.png",)
