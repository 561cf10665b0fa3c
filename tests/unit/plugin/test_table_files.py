"""Tables in every format: what goes in comes out."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from deepmse.plugin.errors import OutputError, UsageError
from deepmse.plugin.tables import Table, read_table, write_table
from hypothesis import given
from hypothesis import strategies as st

SUFFIXES = ("csv", "tsv", "jsonl", "parquet")
ROWS = (
    {"dist": "a, b.png", "id": "007", "mos": "3.5", "ssim": "0.25", "error": ""},
    {"dist": 'ä\t"b".png', "id": "012", "mos": "", "ssim": "", "error": "no such file"},
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_comes_back_as_it_went(tmp_path, suffix):
    table = Table(tmp_path / f"t.{suffix}", tuple(ROWS[0]), ROWS)
    write_table(table.path, table)
    found = read_table(table.path)
    assert found.columns == table.columns
    assert [dict(row) for row in found.rows] == list(ROWS)
    assert found.root == tmp_path


@pytest.mark.parametrize(
    ("suffix", "reader"), [("jsonl", lambda path: pd.read_json(path, lines=True)), ("parquet", pd.read_parquet)]
)
def test_numbers_are_numbers_to_other_readers_and_padded_names_are_none(tmp_path, suffix, reader):
    path = tmp_path / f"t.{suffix}"
    write_table(path, Table(path, tuple(ROWS[0]), ROWS), ["ssim"])
    found = reader(path)
    assert found["mos"].dtype == found["ssim"].dtype == "float64"
    assert found["mos"].iloc[0] == 3.5
    assert math.isnan(found["ssim"].iloc[1])
    assert list(found["dist"]) == [row["dist"] for row in ROWS]


def test_an_identifier_keeps_its_zeros(tmp_path):
    for suffix in ("jsonl", "parquet"):
        path = tmp_path / f"t.{suffix}"
        write_table(path, Table(path, ("id",), ({"id": "007"},)))
        assert read_table(path).rows[0]["id"] == "007"


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=5).map(str.strip)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=4))
def test_any_text_survives_json_lines(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    rows = tuple({"a": f"x{one}", "b": f"y{other}"} for one, other in values)
    write_table(path, Table(path, ("a", "b"), rows))
    assert [dict(row) for row in read_table(path).rows] == list(rows)


def test_infinite_scores_stay_infinite(tmp_path):
    for suffix in SUFFIXES:
        path = tmp_path / f"t.{suffix}"
        write_table(path, Table(path, ("psnr",), ({"psnr": "inf"}, {"psnr": "31.5"})), ["psnr"])
        assert read_table(path).numbers("psnr") == [math.inf, 31.5]
    lines = (tmp_path / "t.jsonl").read_text().splitlines()
    assert [json.loads(line, parse_constant=pytest.fail) for line in lines] == [{"psnr": "inf"}, {"psnr": 31.5}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.jsonl", b"", "empty"),
        ("t.jsonl", b'{"dist": "a"}\n{"dist"', "line 2: is no JSON"),
        ("t.jsonl", b"[1]\n", "line 1: is no object"),
        ("t.parquet", b"dist\na.png\n", "is no Parquet file"),
    ],
)
def test_damage_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path))


def test_objects_need_not_have_all_columns(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"dist": "a.png", "tags": ["x"]}\n\n{"dist": "b.png", "mos": 2}\n')
    table = read_table(path)
    assert table.columns == ("dist", "tags", "mos")
    assert [row["mos"] for row in table.rows] == ["", "2"]
    assert table.lines == (1, 3)


def test_what_was_there_stays_where_a_table_cannot_be_written(tmp_path, monkeypatch):
    path = tmp_path / "t.jsonl"
    path.write_text("before")

    def full(self: Path, *arguments: object, **settings: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match=r"t\.jsonl: cannot be written \(No space left on device\)"):
        write_table(path, Table(path, ("a",), ({"a": "1"},)))
    monkeypatch.undo()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
