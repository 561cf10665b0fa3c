"""``deepmse score``: whatever names images goes in, and every format comes out."""

import io
import sys
from pathlib import Path

import pytest
from deepmse.plugin.tables import read_table


@pytest.fixture
def photos(made_pairs, tmp_path) -> Path:
    """Two copies of each of three references in folders of their own, a hidden file and one that is no image."""
    root = tmp_path / "set"
    for index, pair in enumerate(made_pairs[:3]):
        (root / "refs").mkdir(parents=True, exist_ok=True)
        (root / f"part {index % 2}").mkdir(exist_ok=True)
        (root / "refs" / f"R{index}.png").write_bytes(pair.ref.read_bytes())
        for level in (1, 2):
            (root / f"part {index % 2}" / f"r{index}_{level}.png").write_bytes(pair.dist.read_bytes())
    (root / "part 0" / ".hidden.png").write_bytes(b"")
    (root / "part 0" / "notes.txt").write_text("none")
    return root


def scored(run, *arguments):
    result = run("score", *arguments)
    assert result.status == 0, result.err
    return {row["dist"]: row for row in result.rows}


NAMES = [
    "part 0/r0_1.png",
    "part 0/r0_2.png",
    "part 0/r2_1.png",
    "part 0/r2_2.png",
    "part 1/r1_1.png",
    "part 1/r1_2.png",
]


def test_a_folder_with_references_scores_as_the_table_of_its_pairs_does(run, photos, monkeypatch):
    monkeypatch.chdir(photos)
    found = scored(run, ".", "--refs", "refs", "-m", "psnr")
    assert list(found) == NAMES
    table = Path("pairs.csv")
    table.write_text("dist,ref\n" + "".join(f"{name},refs/{Path(name).stem[:2].upper()}.png\n" for name in NAMES))
    assert found == scored(run, table, "-m", "psnr")


def test_files_patterns_and_lists_are_read_once_each(run, photos, monkeypatch):
    monkeypatch.chdir(photos)
    expected = {name: row["piqe"] for name, row in scored(run, "part 0", "part 1", "-m", "piqe").items()}
    assert list(expected) == NAMES
    mixed = scored(run, "part 1", "part 0/r0_1.png", "*/r?_[12].png", "-m", "piqe")
    assert {name: row["piqe"] for name, row in mixed.items()} == expected
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join([*NAMES, ""])))
    listed = scored(run, "-", "-m", "piqe")
    assert {name: row["piqe"] for name, row in listed.items()} == expected


def test_paths_start_at_the_folder_of_the_output_and_are_whole_outside_it(run, photos, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    inside, outside = photos / "scores.csv", tmp_path / "elsewhere" / "scores.csv"
    for out in (inside, outside):
        assert run("score", photos / "part 1", "-m", "piqe", "-o", out).status == 0
    assert [row["dist"] for row in read_table(inside).rows] == NAMES[4:]
    assert [row["dist"] for row in read_table(outside).rows] == [str(photos / name) for name in NAMES[4:]]


def test_images_without_a_partner_are_listed_and_keep_their_rows(run, photos, monkeypatch):
    monkeypatch.chdir(photos)
    (photos / "refs" / "R1.png").unlink()
    result = run("score", ".", "--refs", "refs", "-m", "psnr")
    assert result.status == 3
    assert "no reference in refs for 2 images: part 1/r1_1.png, part 1/r1_2.png" in result.err
    assert [row["dist"] for row in result.rows if row["error"]] == NAMES[4:]
    assert [row["dist"] for row in result.rows if row["psnr"]] == NAMES[:4]


@pytest.mark.parametrize("suffix", ["tsv", "jsonl", "parquet"])
def test_every_format_holds_what_csv_does_and_goes_on_after_an_interruption(run, photos, monkeypatch, suffix):
    monkeypatch.chdir(photos)
    arguments = ("score", ".", "--refs", "refs", "-m", "psnr", "-m", "piqe")
    assert run(*arguments, "-o", "scores.csv").status == 0
    out = photos / f"scores.{suffix}"
    assert run(*arguments, "-o", out).status == 0
    expected, found = read_table(photos / "scores.csv"), read_table(out)
    assert found.columns == expected.columns
    for column in ("psnr", "piqe"):
        assert found.numbers(column) == expected.numbers(column)
    assert [row["error"] for row in found.rows] == [""] * 6
    assert not list(photos.glob("*.part.csv"))
    # What a killed process leaves: the rows that it had written.
    before = out.read_bytes()
    out.unlink()
    whole = (photos / "scores.csv").read_text().splitlines(keepends=True)
    (photos / f"scores.{suffix}.part.csv").write_text("".join(whole[:4]) + whole[4][:5])
    result = run(*arguments, "-o", out, "--resume", "--json")
    assert (result.status, result.json["kept"]) == (0, 3)
    assert out.read_bytes() == before or suffix == "parquet"
    assert read_table(out).rows == found.rows
    assert run(*arguments, "-o", out, "--resume", "--json").json["kept"] == 6


def test_the_worst_are_those_of_the_metrics_direction(run, photos, monkeypatch):
    monkeypatch.chdir(photos)
    for metric, pick in (("piqe", max), ("psnr", min)):
        result = run("score", ".", "--refs", "refs", "-m", metric, "--top", "1", "--json")
        (worst,) = result.json["worst"]
        assert worst["score"] == pick(float(row[metric]) for row in result.json["rows"])
        assert worst["path"] in result.err


def test_what_needs_no_reference_is_the_default_where_there_are_none(run, photos):
    assert set(run("score", photos / "part 1").rows[0]) == {"dist", "nr", "error"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["part 0", "-m", "psnr"], "part 0: compare with what? Name the folder of the references by --refs"),
        (["nothing here"], "nothing here: no such file or folder"),
        (["part 0/notes.txt"], "notes.txt: is no image by its name, and no table with the column 'dist'"),
        (["part 0", "nothing here"], "nothing here: no such file or folder"),
        (["part 0", "pairs.csv"], "pairs.csv: is a table, and comes alone"),
        (["part 0", "part 0/notes.txt"], "notes.txt: is no image by its name; tables end in .csv"),
        (["part 0", "-"], "a list on standard input comes alone"),
        (["*.bmp"], "*.bmp: no image there"),
        (["s3://bucket/photos"], "s3://bucket/photos: cannot be reached (Install s3fs"),
        (["pairs.csv", "--refs", "refs"], "pairs.csv: has a column 'ref' already"),
        (["part 0", "--refs", "nowhere"], "nowhere: no such folder"),
        (["refs/R0.png", "--refs", "refs"], "all images there are in refs, and references are not scored"),
    ],
)
def test_wrong_usage_is_status_2_and_a_sentence(run, photos, monkeypatch, arguments, message):
    monkeypatch.chdir(photos)
    (photos / "pairs.csv").write_text("dist,ref\npart 0/r0_1.png,refs/R0.png\n")
    result = run("score", *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_a_table_of_images_gets_its_references_from_a_folder(run, photos):
    table = photos / "images.jsonl"
    table.write_text('{"dist": "part 1/r1_1.png", "mos": 4}\n')
    (row,) = run("score", table, "--refs", photos / "refs", "-m", "psnr").rows
    assert (row["ref"], row["mos"], row["error"]) == (str(photos / "refs" / "R1.png"), "4", "")


def test_a_format_that_needs_what_is_not_installed_is_refused_before_any_work(run, photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run("score", photos / "part 1", "-m", "piqe", "-o", photos / "scores.parquet")
    assert result.status == 2
    assert "Parquet needs pyarrow: pip install" in result.err
    assert not list(photos.glob("scores*"))
