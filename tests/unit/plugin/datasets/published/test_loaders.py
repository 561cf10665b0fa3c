"""Each published layout in miniature: every record against what went in, and what unreadable copies give."""

import csv
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.datasets import DATASETS, Record, dataset_info, load
from deepmse.plugin.datasets.records import QualityDataset
from deepmse.plugin.datasets.vocabulary import CATEGORIES
from deepmse.plugin.errors import UsageError
from openpyxl import Workbook, load_workbook
from scipy.io import loadmat, savemat

from .... import layouts

# Written down from the publications: target, lower is better, range, images, references.
PUBLISHED = {
    "tid2013": ("mos", False, (0, 9), 3000, 25),
    "tid2008": ("mos", False, (0, 9), 1700, 25),
    "kadid10k": ("mos", False, (1, 5), 10125, 81),
    "csiq": ("mos", True, (0, 1), 866, 30),
    "live_release2": ("mos", True, (0, 100), 779, 29),
    "live_release1": ("mos", True, (0, 100), 344, 29),
    "live_subset": ("mos", True, (0, 100), 79, 4),
    "koniq10k": ("mos", False, (0, 100), 10073, 0),
    "pipal": ("mos", False, (900, 1850), 23200, 200),
    "biq2021": ("mos", False, (0, 1), 12000, 0),
    "biq2021_train2000": ("mos", False, (0, 1), 2000, 0),
    "clive": ("mos", False, (0, 100), 1162, 0),
    "spaq": ("mos", False, (0, 100), 11125, 0),
    "csv": ("mos", False, None, 0, 0),
    "folder": ("mos", False, None, 0, 0),
}


@pytest.fixture(scope="module")
def miniatures(tmp_path_factory):
    return {name: layouts.build(name, tmp_path_factory.mktemp(name)) for name in layouts.BUILDERS}


@pytest.fixture
def copy(miniatures, tmp_path):
    """A copy of a miniature, to be broken."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(miniatures[name].root, tmp_path / name))

    return make


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for field in fields(Record):
            a, b = getattr(one, field.name), getattr(other, field.name)
            assert a == (pytest.approx(b, rel=1e-12) if isinstance(b, float) else b), (field.name, one, other)


@pytest.mark.parametrize("name", layouts.BUILDERS)
def test_every_record_is_what_went_in(miniatures, name):
    dataset = load(name, miniatures[name].root)
    assert_same(dataset.records, miniatures[name].records)
    assert dataset.missing == ()


@pytest.mark.parametrize("name", layouts.BUILDERS)
def test_declared_as_published(miniatures, name):
    info = dataset_info(name)
    declared = (info.target_field, info.target_lower_is_better, info.target_range, info.n_images, info.n_references)
    assert declared == PUBLISHED[name]
    dataset = load(name, miniatures[name].root)
    for field in ("target_field", "target_lower_is_better", "target_range", "target_kind", "licence"):
        assert getattr(dataset, field) == getattr(info, field)
    assert (dataset.source, dataset.citation, dataset.loader) == (info.title, info.citation, name)
    assert dataset.root == miniatures[name].root
    assert set(info.notes) <= set(dataset.notes)


def test_there_is_a_miniature_of_each():
    assert set(DATASETS) == set(layouts.BUILDERS) == set(PUBLISHED)


@pytest.mark.parametrize("name", sorted(set(PUBLISHED) - {"csv", "folder"}))
def test_citation_and_licence_are_stated(name):
    assert dataset_info(name).citation
    assert dataset_info(name).licence


@pytest.mark.parametrize("name", layouts.BUILDERS)
def test_categories_are_of_the_vocabulary(miniatures, name):
    categories = {record.category for record in load(name, miniatures[name].root).records}
    assert categories <= {*CATEGORIES, None} | ({"weather"} if name == "csv" else set())


@pytest.mark.parametrize("name", sorted(set(layouts.BUILDERS) - {"csv", "folder"}))
def test_found_in_a_folder_further_down(miniatures, tmp_path, name):
    (tmp_path / "archive").symlink_to(miniatures[name].root, target_is_directory=True)
    found = load(name, tmp_path).records
    assert [record.dist.resolve() for record in found] == [record.dist for record in miniatures[name].records]


@pytest.mark.parametrize("name", sorted(set(layouts.BUILDERS) - {"csv"}))
def test_images_can_be_missing(copy, miniatures, name):
    root = copy(name)
    gone = miniatures[name].records[1]
    (root / gone.dist.relative_to(miniatures[name].root)).unlink()
    dataset = load(name, root)
    n = len(miniatures[name].records)
    assert len(dataset.records) == n - 1
    if name != "folder":
        assert [record.target for record in dataset.missing] == [pytest.approx(gone.target)]
        assert dataset.notes[-1] == f"1 of {n} images, or their references, are missing and left out."


def test_a_missing_reference_leaves_out_its_images(copy, miniatures):
    root = copy("kadid10k")
    (root / "images" / "I81.png").unlink()
    dataset = load("kadid10k", root)
    assert {record.ref.name for record in dataset.records} == {"I01.png"}
    assert len(dataset.missing) == 125


@pytest.mark.parametrize("name", sorted(set(layouts.BUILDERS) - {"csv", "folder"}))
def test_no_image_at_all(copy, miniatures, name):
    root = copy(name)
    for path in root.rglob("*"):
        if path.suffix.lower() in (".bmp", ".png", ".jpg"):
            path.unlink()
    with pytest.raises(UsageError, match=r"none of its \d+ images is there, e\.g\. .* as its authors ship it: "):
        load(name, root)


@pytest.mark.parametrize("name", sorted(set(layouts.BUILDERS) - {"csv", "folder"}))
def test_another_folder(tmp_path, name):
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(UsageError, match=r": (no|neither) .*; .* is expected as its authors ship it: "):
        load(name, tmp_path)


@pytest.mark.parametrize("name", layouts.BUILDERS)
def test_no_folder(tmp_path, name):
    with pytest.raises(UsageError, match="nowhere: no such f"):
        load(name, tmp_path / "nowhere")


def test_folder_without_images(tmp_path):
    with pytest.raises(UsageError, match="no image there; names of images end in"):
        load("folder", tmp_path)


def test_unknown_name(tmp_path):
    with pytest.raises(UsageError, match=r"unknown dataset 'nope'; known: tid2013, tid2008, .*folder$"):
        load("nope", tmp_path)
    with pytest.raises(UsageError, match="unknown dataset 'nope'"):
        dataset_info("nope")


def test_two_copies_in_one_folder(miniatures, tmp_path):
    for year in ("tid2008", "tid2013"):
        shutil.copytree(miniatures[year].root, tmp_path / year)
    with pytest.raises(UsageError, match=r"two files mos_with_names\.txt: .*tid2008.* and .*tid2013"):
        load("tid2013", tmp_path)


def test_leftovers_of_macos_are_passed_over(copy, miniatures):
    root = copy("kadid10k")
    shutil.copytree(root / "images", root / "__MACOSX" / "images")
    (root / ".dmos.csv").write_text("")
    (root / ".trash").mkdir()
    shutil.copy(root / "dmos.csv", root / ".trash")
    assert [r.dist.parent for r in load("kadid10k", root).records] == [root / "images"] * 250


# Names


def test_names_of_another_case_are_found_and_told(miniatures):
    dataset = load("tid2013", miniatures["tid2013"].root)
    assert dataset.renamed["I03_08_4.bmp"].name == "i03_08_4.BMP"
    assert dataset.renamed["I03_08_1.bmp"].name == "i03_08_1.bmp"
    assert dataset.renamed["i25_01_4.bmp"].name == "i25_01_4.BMP"
    assert "i25_01_1.bmp" not in dataset.renamed
    biq = miniatures["biq2021"]
    assert load("biq2021", biq.root).renamed == {"ss02 (7).jpg": biq.root / "Images" / "ss02 (7).JPG"}


def test_of_two_files_the_one_of_the_same_case_is_taken(copy):
    root = copy("kadid10k")
    others = {layouts.save(root / "images" / name) for name in ("I01_01_01.PNG", "i01_01_01.png")}
    dataset = load("kadid10k", root)
    assert dataset.records[0].dist.name == "I01_01_01.png"
    assert not others & {record.dist for record in dataset.records}
    assert dataset.renamed == {}


def test_links_in_a_circle(copy):
    root = copy("pipal")
    (root / "Train_Label" / "all").symlink_to(root, target_is_directory=True)
    assert len(load("pipal", root).records) == 28


# Tables and folders as they are found on disks


PUBLISHED_LAYOUTS = sorted(set(layouts.BUILDERS) - {"csv", "folder"})


def moved(records, old: Path, new: Path) -> list[Record]:
    """The records with their images in another folder."""
    return [
        replace(each, dist=new / each.dist.relative_to(old), ref=each.ref and new / each.ref.relative_to(old))
        for each in records
    ]


@pytest.mark.parametrize("name", sorted({*PUBLISHED_LAYOUTS, "csv"}))
def test_text_tables_as_other_programs_write_them(copy, miniatures, name):
    root = copy(name)
    for path in [*root.rglob("*.csv"), *root.rglob("*.txt")]:
        lines = path.read_text().splitlines()
        if path.suffix == ".csv":
            rows = csv.reader(lines)
            lines = [",".join(f'"{cell}" ' for cell in row) for row in rows]
        path.write_bytes(("\ufeff" + "".join(f"{line} \r\n\r\n" for line in lines)).encode())
    assert_same(load(name, root).records, moved(miniatures[name].records, miniatures[name].root, root))


@pytest.mark.parametrize("name", PUBLISHED_LAYOUTS)
@pytest.mark.parametrize("turn", [str.upper, str.lower, str.swapcase])
def test_files_of_another_case_than_the_tables_say(copy, miniatures, name, turn):
    root = copy(name)
    for path in sorted(root.rglob("*"), reverse=True):
        path.rename(path.with_name(turn(path.name)))
    found = load(name, root)
    expected = moved(miniatures[name].records, miniatures[name].root, root)
    assert [each.target for each in found.records] == pytest.approx([each.target for each in expected])
    for one, other in zip(found.records, expected, strict=True):
        assert str(one.dist).lower() == str(other.dist).lower()
        assert one.dist.is_file()
        assert (one.ref is None) == (other.ref is None)
    assert found.missing == ()


@pytest.mark.parametrize("name", PUBLISHED_LAYOUTS)
def test_files_of_other_programs_are_passed_over(copy, miniatures, name):
    root = copy(name)
    for folder in {path.parent for path in root.rglob("*")}:
        for extra in (
            "Thumbs.db",
            "desktop.ini",
            ".DS_Store",
            "readme.txt",
            "~$notes.xlsx",
            "._i01.bmp",
            "extra.bmp",
        ):
            (folder / extra).write_bytes(b"\0")
    assert_same(load(name, root).records, moved(miniatures[name].records, miniatures[name].root, root))


@pytest.mark.parametrize("name", PUBLISHED_LAYOUTS)
def test_only_a_few_images_are_there(copy, miniatures, name):
    root = copy(name)
    kept = moved(miniatures[name].records, miniatures[name].root, root)[1:3]
    there = {path for each in kept for path in (each.dist, each.ref)}
    for path in root.rglob("*"):
        if path.suffix.lower() in (".bmp", ".png", ".jpg") and path not in there:
            path.unlink()
    dataset = load(name, root)
    assert_same(dataset.records, kept)
    assert len(dataset.missing) == len(miniatures[name].records) - 2


# TID


def test_tid_without_deviations(copy):
    root = copy("tid2013")
    (root / "mos_std.txt").unlink()
    assert {record.target_std for record in load("tid2013", root).records} == {None}


def test_tid_with_too_few_deviations(copy):
    root = copy("tid2013")
    (root / "mos_std.txt").write_text("0.1\n")
    with pytest.raises(UsageError, match=r"mos_std\.txt: 1 values for 360 scores"):
        load("tid2013", root)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5.1 i01_25_1.bmp", r"line 1: expected a score and a name like i01_01_1\.bmp, not 5\.1 i01_25_1\.bmp"),
        ("5.1 i01_00_1.bmp", "line 1: expected a score and a name"),
        ("5.1 i01_01_6.bmp", r"line 1: TID2013 has no i01_01_6\.bmp"),
        ("i01_01_1.bmp", "line 1: expected a score and a name"),
        ("five i01_01_1.bmp", "line 1: the score is 'five', not a number"),
    ],
)
def test_tid_with_a_malformed_line(copy, line, message):
    root = copy("tid2013")
    (root / "mos_with_names.txt").write_text(line + "\n")
    (root / "mos_std.txt").unlink()
    with pytest.raises(UsageError, match=message):
        load("tid2013", root)


def test_tid2013_is_not_taken_for_tid2008(miniatures):
    with pytest.raises(UsageError, match=r"TID2008 has no i01_01_5\.bmp"):
        load("tid2008", miniatures["tid2013"].root)


# KADID-10k


def test_kadid_says_that_its_dmos_is_no_dmos(miniatures):
    assert any("higher is better" in note for note in load("kadid10k", miniatures["kadid10k"].root).notes)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("I01_26_01.png,I01.png,3,1", r"line 2: expected a name like I01_01_01\.png, not 'I01_26_01\.png'"),
        ("I01_01_01.png,I01.png,3,-1", "line 2: var is -1, but no variance is negative"),
        ("I01_01_01.png,I01.png,x,1", "line 2: dmos is 'x', not a number"),
    ],
)
def test_kadid_with_a_malformed_row(copy, row, message):
    root = copy("kadid10k")
    (root / "dmos.csv").write_text(f"dist_img,ref_img,dmos,var\n{row}\n")
    with pytest.raises(UsageError, match=message):
        load("kadid10k", root)


def test_kadid_deviations_are_called_var(copy, tmp_path):
    root = copy("kadid10k")
    # As published: of 30 ratings of a mean of 137/30 and 130/30.
    (root / "dmos.csv").write_text(
        "dist_img,ref_img,dmos,var\nI01_01_01.png,I01.png,4.57,0.496\nI01_01_02.png,I01.png,4.33,0.869\n"
    )
    dataset = load("kadid10k", root)
    assert [record.target_std for record in dataset.records] == [0.496, 0.869]
    assert any("var is the standard deviation" in note for note in dataset.notes)


def test_kadid_with_variances(copy):
    root = copy("kadid10k")
    rows = ["dist_img,ref_img,dmos,var"]
    variances = []
    for index in range(1, 26):
        ratings = np.random.default_rng(index).integers(1, 6, 30)
        variances.append(round(ratings.var(), 3))
        rows.append(f"I01_{index:02}_01.png,I01.png,{ratings.mean():.2f},{variances[-1]}")
    (root / "dmos.csv").write_text("\n".join(rows))
    dataset = load("kadid10k", root)
    assert [record.target_std for record in dataset.records] == pytest.approx(np.sqrt(variances))
    assert any("taken for the variance" in note for note in dataset.notes)


def test_kadid_without_deviations(copy):
    root = copy("kadid10k")
    (root / "dmos.csv").write_text("dist_img,ref_img,dmos\nI01_01_01.png,I01.png,4.57\n")
    assert [(record.target, record.target_std) for record in load("kadid10k", root).records] == [(4.57, None)]


# CSIQ


def edit_csiq(root, cell, value):
    book = load_workbook(root / "csiq.DMOS.xlsx")
    book["all_by_image"][cell] = value
    book.save(root / "csiq.DMOS.xlsx")


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ("F5", "fog", "row 5: 'fog' is none of the types noise, blur, contrast, fnoise, jpeg, jpeg 2000"),
        ("I6", None, "line 6: dmos is None, not a number"),
        ("D4", "picture", "no row with the columns image, dst_type, dst_lev, dmos_std, dmos"),
    ],
)
def test_csiq_with_a_malformed_cell(copy, cell, value, message):
    root = copy("csiq")
    edit_csiq(root, cell, value)
    with pytest.raises(UsageError, match=message):
        load("csiq", root)


def test_csiq_without_its_sheet(copy):
    root = copy("csiq")
    Workbook().save(root / "csiq.DMOS.xlsx")
    with pytest.raises(UsageError, match="no sheet 'all_by_image'; there are Sheet"):
        load("csiq", root)


def test_csiq_with_a_damaged_workbook(copy):
    root = copy("csiq")
    (root / "csiq.DMOS.xlsx").write_bytes(b"PK not a workbook")
    with pytest.raises(UsageError, match=r"csiq\.DMOS\.xlsx: cannot be read as an Excel workbook"):
        load("csiq", root)


# LIVE


@pytest.mark.parametrize(("name", "n_copies"), [("live_release2", 203), ("live_release1", 116)])
def test_live_leaves_out_the_undistorted_copies(miniatures, name, n_copies):
    dataset = load(name, miniatures[name].root)
    assert len(dataset.left_out) == n_copies
    assert dataset.left_out[0] == miniatures[name].root / "jp2k" / "img1.bmp"
    assert not {record.dist for record in dataset.records} & set(dataset.left_out)
    assert any("Undistorted copies" in note for note in dataset.notes)


def test_live_release1_is_not_taken_for_release2(miniatures):
    with pytest.raises(UsageError, match=r"refnames_all\.mat: 460 values, but LIVE release 2 has 982 images"):
        load("live_release2", miniatures["live_release1"].root)


def test_live_with_a_damaged_table(copy):
    root = copy("live_release1")
    (root / "dmos_realigned.mat").write_bytes(b"no such thing")
    with pytest.raises(UsageError, match=r"dmos_realigned\.mat: cannot be read as a MATLAB file"):
        load("live_release1", root)


def test_live_without_a_variable(copy):
    root = copy("live_release1")
    shutil.copy(root / "dmos.mat", root / "dmos_realigned.mat")
    with pytest.raises(UsageError, match=r"dmos_realigned\.mat: no variable dmos_new, dmos_std"):
        load("live_release1", root)


def test_live_with_a_score_that_is_no_number(copy):
    root = copy("live_release1")
    content = {key: value for key, value in loadmat(root / "dmos_realigned.mat").items() if key[0] != "_"}
    content["dmos_new"][0, 459] = np.nan
    savemat(root / "dmos_realigned.mat", content)
    with pytest.raises(UsageError, match="dmos has values that are not finite numbers"):
        load("live_release1", root)


def part_of_live(root: Path, counts: dict[str, int], **changes) -> list[Record]:
    """A part of LIVE, the first image of each folder a copy of the reference."""
    ref = layouts.save(root / "refimgs" / "bikes.bmp")
    images = [(folder, index) for folder, count in counts.items() for index in range(1, count + 1)]
    orgs = [int(index == 1) for _, index in images]
    dmos = [0.0 if copy else layouts.score(place, 1, 90) for place, copy in enumerate(orgs)]
    savemat(root / "refnames_all.mat", {"refnames_all": np.array([[ref.name] * len(images)], dtype=object)})
    table = {"dmos_new": [dmos], "dmos_std": [[np.nan if copy else 2.5 for copy in orgs]], "orgs": [orgs], **changes}
    savemat(root / "dmos_realigned.mat", table)
    savemat(root / "dmos.mat", {"dmos": [[value / 2 for value in dmos]], "orgs": [orgs]})
    paths = [layouts.save(root / folder / f"img{index}.bmp") for folder, index in images]
    return [
        Record(path, ref, layouts.LIVE[folder][2], None, value, 2.5, layouts.LIVE[folder][3])
        for path, (folder, _), value, copy in zip(paths, images, dmos, orgs, strict=True)
        if not copy
    ]


def test_a_part_of_live_whose_tables_list_what_is_there(tmp_path):
    expected = part_of_live(tmp_path, {"jp2k": 3, "jpeg": 2, "wn": 4, "gblur": 2, "fastfading": 2})
    dataset = load("live_release2", tmp_path)
    assert_same(dataset.records, expected)
    assert [path.parent.name for path in dataset.left_out] == ["jp2k", "jpeg", "wn", "gblur", "fastfading"]


def test_a_part_of_live_whose_tables_list_other_images(tmp_path):
    part_of_live(tmp_path, {"jp2k": 3, "jpeg": 2})
    layouts.save(tmp_path / "jpeg" / "img3.bmp")
    with pytest.raises(UsageError, match=r"refnames_all\.mat: 5 values, but LIVE release 1 has 460 images"):
        load("live_release1", tmp_path)


def test_live_without_realigned_scores(tmp_path):
    expected = part_of_live(tmp_path, {"jp2k": 3, "jpeg": 2})
    (tmp_path / "dmos_realigned.mat").unlink()
    dataset = load("live_release1", tmp_path)
    halved = [replace(each, target=each.target / 2, target_std=None) for each in expected]
    assert_same(dataset.records, halved)
    assert any("before realignment" in note for note in dataset.notes)


# BIQ2021


def test_one_part_of_biq2021(copy):
    root = copy("biq2021")
    (root / "Train (Images and MOS).csv").unlink()
    dataset = load("biq2021", root)
    assert [record.split for record in dataset.records] == ["test"]
    assert dataset.notes == ("Without Train (Images and MOS).csv its images are left out.",)


# KonIQ-10k


def test_koniq_without_the_split(tmp_path):
    expected = layouts.koniq10k_without_sets(tmp_path)
    dataset = load("koniq10k", tmp_path)
    assert_same(dataset.records, expected)
    assert "The images are those of 1024x768 pixels." in dataset.notes
    assert any("split is not known" in note for note in dataset.notes)


def test_koniq_says_the_resolution_and_prefers_what_viewers_saw(tmp_path):
    layouts.koniq10k(tmp_path, "512x384")
    assert "The images are those of 512x384 pixels." in load("koniq10k", tmp_path).notes
    large = layouts.koniq10k(tmp_path, "1024x768")
    dataset = load("koniq10k", tmp_path)
    assert_same(dataset.records, large)
    assert "The images are those of 1024x768 pixels." in dataset.notes


def test_koniq_in_a_folder_of_another_name(tmp_path):
    expected = layouts.koniq10k(tmp_path, "images")
    dataset = load("koniq10k", tmp_path)
    assert_same(dataset.records, expected)
    assert not any("pixels" in note for note in dataset.notes)


# PIPAL, LIVE In the Wild


def test_pipal_with_a_malformed_line(copy):
    root = copy("pipal")
    (root / "Train_Label" / "A0001.txt").write_text("A0001_07_00.bmp,1500\n")
    with pytest.raises(UsageError, match=r"A0001\.txt, line 1: expected A0001_00_00\.bmp,1500\.0, not A0001_07_00"):
        load("pipal", root)


def test_clive_leaves_out_the_images_for_practice(miniatures):
    dataset = load("clive", miniatures["clive"].root)
    assert [path.name for path in dataset.left_out] == [f"t{number}.bmp" for number in range(1, 8)]


def test_clive_in_columns_and_without_deviations(copy, miniatures):
    root = copy("clive")
    path = root / "Data" / "AllMOS_release.mat"
    savemat(path, {"AllMOS_release": loadmat(path)["AllMOS_release"].T})
    (root / "Data" / "AllStdDev_release.mat").unlink()
    expected = moved(miniatures["clive"].records, miniatures["clive"].root, root)
    assert_same(load("clive", root).records, [replace(each, target_std=None) for each in expected])


def test_a_part_of_clive_too_short_to_begin_with_practice(tmp_path):
    (tmp_path / "Data").mkdir()
    images = [layouts.save(tmp_path / "Images" / name) for name in ("3.bmp", "5.bmp")]
    names = np.array([[image.name] for image in images], dtype=object)
    savemat(tmp_path / "Data" / "AllImages_release.mat", {"AllImages_release": names})
    savemat(tmp_path / "Data" / "AllMOS_release.mat", {"AllMOS_release": [[60.5, 40.5]]})
    assert_same(load("clive", tmp_path).records, [Record(images[0], target=60.5), Record(images[1], target=40.5)])


def test_clive_with_too_few_scores(copy):
    root = copy("clive")
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": np.ones((1, 9))})
    with pytest.raises(UsageError, match=r"AllMOS_release\.mat: 9 values for 10 images"):
        load("clive", root)


def test_clive_with_names_that_are_no_texts(copy):
    root = copy("clive")
    cells = np.empty((10, 1), dtype=object)
    cells[:, 0] = [np.array([[1.0, 2.0]])] * 10
    savemat(root / "Data" / "AllImages_release.mat", {"AllImages_release": cells})
    with pytest.raises(UsageError, match="AllImages_release has values that are not texts"):
        load("clive", root)


# CSV


def csv_dataset(tmp_path, text) -> QualityDataset:
    for name in ("a.png", "b.png"):
        layouts.save(tmp_path / name)
    (tmp_path / "scores.csv").write_text(text)
    return load("csv", tmp_path / "scores.csv")


def test_csv_with_dmos(tmp_path):
    dataset = csv_dataset(tmp_path, "dist,dmos,dmos_std\na.png,31.5,2\nb.png,12,\n")
    assert (dataset.name, dataset.target_field, dataset.target_kind) == ("scores", "mos", "DMOS")
    assert dataset.target_lower_is_better
    assert [(record.target, record.target_std) for record in dataset.records] == [(31.5, 2), (12, None)]


def test_csv_with_levels_only(tmp_path):
    dataset = csv_dataset(tmp_path, "dist,level\na.png,1\nb.png,2\n")
    assert dataset.target_field == "level"
    assert dataset.target_lower_is_better
    assert [(record.target, record.level) for record in dataset.records] == [(1, 1), (2, 2)]


def test_csv_without_scores(tmp_path):
    dataset = csv_dataset(tmp_path, "dist\na.png\nb.png\n")
    assert [record.target for record in dataset.records] == [None, None]
    assert dataset.notes == ("The images have no scores.",)


def test_csv_with_a_missing_image(tmp_path):
    dataset = csv_dataset(tmp_path, "dist,mos\na.png,1\nc.png,2\n")
    assert [record.dist.name for record in dataset.missing] == ["c.png"]
    assert dataset.notes == ("1 of 2 images, or their references, are missing and left out.",)


def test_the_folder_of_a_manifest_gives_the_name(miniatures):
    root = miniatures["csv"].root
    assert load("csv", root).name == load("csv", root / "manifest.csv").name == root.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dist,mos,dmos\na.png,1,2\n", "both mos and dmos"),
        ("image,mos\na.png,1\n", r"scores\.csv: no column dist$"),
        ("dist,mos\na.png,good\n", "line 2: mos is 'good', not a number"),
        ("dist,level\na.png,1.5\n", r"line 2: level is 1\.5, not a whole number"),
        ("dist,mos\nc.png,1\n", r"none of its 1 images is there, e\.g\. .*c\.png"),
        ("dist,mos\n", "none of its 0 images is there"),
    ],
)
def test_malformed_csv(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        csv_dataset(tmp_path, text)
