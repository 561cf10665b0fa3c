"""CSV in and out: nothing lost, nothing made up, and always safe to resume."""

import csv
import io
import json
import math
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.datasets.files import number
from deepmse.plugin.engine.records import Item, Measurement, Score
from deepmse.plugin.engine.score_tables import ScoreWriter, items, output_columns, row_of
from deepmse.plugin.errors import OutputError, UsageError
from deepmse.plugin.tables import Table, csv_text, read_table, to_number
from hypothesis import given, settings
from hypothesis import strategies as st

SETTINGS = {"metrics": {"deepmse": {"preset": "pools"}}, "max_pixels": 100, "device": "cpu"}


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> Table:
    return read_table(written(tmp_path / "t.csv", text, encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_line_ending_and_a_byte_order_mark_are_read(tmp_path, encoding, newline):
    table = read(tmp_path, newline.join(["dist,ref", "ä.png,b.png", "", "c.png,d.png", ""]), encoding)
    assert table.columns == ("dist", "ref")
    assert table.rows == ({"dist": "ä.png", "ref": "b.png"}, {"dist": "c.png", "ref": "d.png"})


def test_quoted_values_keep_their_commas_quotes_newlines_and_spaces(tmp_path):
    table = read(tmp_path, 'dist, ref ,note\n"a,b.png", b.png,"two\nlines ""quoted"" "\n')
    assert table.columns == ("dist", "ref", "note")
    assert table.rows == ({"dist": "a,b.png", "ref": "b.png", "note": 'two\nlines "quoted" '},)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("dist,ref\na,b\n\na\n", "line 4: 1 values for 2 columns"),
        ("dist,ref\na,b,c\n", "line 2: 3 values for 2 columns"),
        ('dist,ref\n"a\nb",c\nd\n', "line 4: 1 values for 2 columns"),
        ('dist,ref\na,"b\nc,d\n', "line 3: a quotation mark is not closed"),
        ("dist,ref,dist\n", "two columns are called 'dist'"),
        ("dist,dist \n", "two columns are called 'dist'"),
        ("dist,ref\na," + "b" * 200_000 + "\n", "line 2: field larger"),
    ],
)
def test_tables_that_cannot_be_meant_are_refused_by_line(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "t.csv") in str(caught.value)


def test_files_that_are_no_tables_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(tmp_path)
    with pytest.raises(UsageError, match="UTF-8"):
        read(tmp_path, "dist,ref\nä,b\n", "latin-1")


def test_a_missing_column_is_named_beside_those_there_are(tmp_path):
    table = read(tmp_path, "dist,other\na,b\n")
    with pytest.raises(UsageError, match="no column 'ref'; there are dist, other"):
        items(table)
    assert [item.ref for item in items(table, ref=None)] == [None]


def test_paths_start_at_the_tables_folder_unless_they_are_absolute(tmp_path):
    table = read(tmp_path, "dist,ref\nd/1.png,../ref.png\n/abs/2.png,\n")
    assert items(table) == [
        Item(0, tmp_path / "d" / "1.png", tmp_path / ".." / "ref.png"),
        Item(1, Path("/abs/2.png"), None),
    ]


def test_space_around_a_path_does_not_count_and_an_empty_one_names_nothing(tmp_path):
    table = read(tmp_path, "dist, ref\n1.png, ref.png\n2.png, \n ,ref.png\n")
    assert items(table) == [
        Item(0, tmp_path / "1.png", tmp_path / "ref.png"),
        Item(1, tmp_path / "2.png", None),
        Item(2, "", tmp_path / "ref.png"),
    ]


def test_numbers_are_read_and_empty_ones_are_missing(tmp_path):
    table = read(tmp_path, "a,b\n1.5,x\n ,y\n-2e3,z\n")
    first, second, third = table.numbers("a")
    assert (first, third) == (1.5, -2000)
    assert math.isnan(second)


def test_a_value_that_is_no_number_is_named_by_row(tmp_path):
    table = read(tmp_path, 'a,b\n1,"two\nlines"\n\n2,\nhigh,\n')
    with pytest.raises(UsageError, match="line 6: a is 'high', not a number"):
        table.numbers("a")


@pytest.fixture
def pairs(tmp_path: Path) -> Table:
    rows = "".join(f'd{index}.png,r.png,"note ""{index}"",\nsecond line"\n' for index in range(4))
    return read_table(written(tmp_path / "pairs.csv", "dist,ref,note\n" + rows))


def scored(table: Table) -> list[Score]:
    """The second of four failed."""
    results = []
    for index, item in enumerate(items(table)):
        values = {} if index == 1 else {"deepmse": Measurement(index + 1 / 3)}
        errors = {"deepmse": "d1.png: broken,\n for a reason"} if index == 1 else {}
        results.append(Score(item, values, errors))
    return results


def test_rows_carry_every_column_through_and_an_error_instead_of_a_score(pairs):
    rows = [row_of(pairs, ["deepmse"], score) for score in scored(pairs)]
    assert [list(row) for row in rows] == [["dist", "ref", "note", "deepmse", "error"]] * 4
    assert [row["note"] for row in rows] == [row["note"] for row in pairs.rows]
    assert [row["deepmse"] for row in rows] == ["0.333333333", "", "2.33333333", "3.33333333"]
    assert [row["error"] for row in rows] == ["", "d1.png: broken, for a reason", "", ""]
    text = "".join(csv_text(list(rows[0]), iter(rows)))
    assert list(csv.DictReader(io.StringIO(text))) == rows


@settings(max_examples=100)
@given(value=st.floats(0, 2**99, width=32))
def test_a_written_score_is_the_same_float32_when_read(value):
    table = Table(Path("t.csv"), ("dist",), ({"dist": "a"},))
    row = row_of(table, ["deepmse"], Score(Item(0, "a"), {"deepmse": Measurement(value)}, {}))
    assert np.float32(row["deepmse"]) == np.float32(value)


@pytest.mark.parametrize("column", ["deepmse", "error"])
def test_a_column_that_would_be_overwritten_is_refused(tmp_path, column):
    with pytest.raises(UsageError, match=f"has a column '{column}' already"):
        output_columns(read(tmp_path, f"dist,ref,{column}\n"), ["deepmse"])


def finish(path: Path, pairs: Table, *, resume: bool, changed: dict[str, object] | None = None) -> int:
    """Write what is missing; returns how many rows were there."""
    with ScoreWriter(path, pairs, ["deepmse"], SETTINGS | (changed or {}), resume=resume) as writer:
        for score in scored(pairs)[len(writer.kept) :]:
            writer.write(score)
        return len(writer.kept)


def test_the_file_is_valid_after_every_row(pairs, tmp_path):
    out = tmp_path / "out" / "scores.csv"
    with ScoreWriter(out, pairs, ["deepmse"], SETTINGS) as writer:
        for number, score in enumerate(scored(pairs), start=1):
            assert len(read_table(out).rows) == number - 1
            writer.write(score)
        assert len(read_table(out).rows) == 4
    assert [row["dist"] for row in read_table(out).rows] == [row["dist"] for row in pairs.rows]


def test_wherever_writing_broke_off_resuming_makes_the_file_whole(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    finish(out, pairs, resume=False)
    whole, rows = out.read_bytes(), read_table(out).rows
    for length in range(len(whole) + 1):
        out.write_bytes(whole[:length])
        kept = finish(out, pairs, resume=True)
        assert out.read_bytes() == whole
        # A row counts once its newline is there, and none is computed again.
        assert kept == sum(
            length >= len("".join(csv_text(list(rows[0]), iter(rows[: n + 1]))).encode()) for n in range(4)
        )


def test_without_resume_the_file_is_written_anew(pairs, tmp_path):
    out = written(tmp_path / "scores.csv", "something else\n")
    assert finish(out, pairs, resume=False) == 0
    first = out.read_bytes()
    assert finish(out, pairs, resume=False) == 0
    assert out.read_bytes() == first


def test_resuming_what_is_complete_changes_nothing(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    finish(out, pairs, resume=False)
    before = out.read_bytes()
    assert finish(out, pairs, resume=True) == 4
    assert out.read_bytes() == before


def test_the_record_beside_the_file_has_the_settings(pairs, tmp_path):
    finish(tmp_path / "scores.csv", pairs, resume=False)
    assert json.loads((tmp_path / "scores.csv.run.json").read_text())["run"] == SETTINGS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pairs.csv", "scores.csv", "scores.csv.run.json"]


@pytest.mark.parametrize(
    "changed", [{"metrics": {"deepmse": {"preset": "lpips-ends"}}}, {"max_pixels": 200}, {"metrics": {}}]
)
def test_resuming_under_settings_that_decide_scores_is_refused(pairs, tmp_path, changed):
    out = tmp_path / "scores.csv"
    finish(out, pairs, resume=False)
    before = out.read_bytes()
    with pytest.raises(UsageError, match="other settings"):
        finish(out, pairs, resume=True, changed=changed)
    assert out.read_bytes() == before


def test_resuming_on_another_device_is_allowed(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    finish(out, pairs, resume=False)
    assert finish(out, pairs, resume=True, changed={"device": "cuda"}) == 4


def test_scores_of_unknown_settings_are_not_resumed(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    finish(out, pairs, resume=False)
    (tmp_path / "scores.csv.run.json").unlink()
    with pytest.raises(UsageError, match=r"scores\.csv\.run\.json: no such file; without it"):
        finish(out, pairs, resume=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dist,ref,note,deepmse,error\nother.png,r.png,n,1,\n", "row 1 is not that of"),
        ("dist,ref,deepmse,error\n", "its columns are dist, ref, deepmse, error and not"),
        ("no table at all\n", "its columns are"),
        ("dist,ref,note,deepmse,error\na\n", "line 2: 1 values for 5 columns"),
    ],
)
def test_resuming_another_file_is_refused_and_leaves_it_alone(pairs, tmp_path, text, message):
    out = written(tmp_path / "scores.csv", text)
    with pytest.raises(UsageError, match=message):
        finish(out, pairs, resume=True)
    assert out.read_text() == text


def test_resuming_with_fewer_pairs_than_rows_is_refused(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    finish(out, pairs, resume=False)
    with pytest.raises(UsageError, match="has more rows than"):
        finish(out, Table(pairs.path, pairs.columns, pairs.rows[:3]), resume=True)


def test_resuming_with_more_pairs_goes_on(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    finish(out, Table(pairs.path, pairs.columns, pairs.rows[:2]), resume=False)
    assert finish(out, pairs, resume=True) == 2
    assert len(read_table(out).rows) == 4


def test_places_that_cannot_be_written_are_refused(pairs, tmp_path):
    (tmp_path / "file").touch()
    for out, message in (
        (tmp_path, "cannot be written"),
        (tmp_path / "file" / "scores.csv", "cannot be written"),
        (pairs.path, "is the table of pairs itself"),
        (tmp_path / "x" / ".." / "pairs.csv", "is the table of pairs itself"),
    ):
        with pytest.raises(UsageError, match=message), ScoreWriter(out, pairs, ["deepmse"], SETTINGS):
            pass
    assert read_table(pairs.path) == pairs


def test_resuming_a_file_that_is_no_text_is_refused(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    out.write_bytes(b"\xff\xfe\n")
    with pytest.raises(UsageError, match=r"scores\.csv"):
        finish(out, pairs, resume=True)
    assert out.read_bytes() == b"\xff\xfe\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3,7", "decimal comma"),
        ("-3,75", "decimal comma"),
        ("1,234.5", "thousands separators"),
        ("1 234", "thousands separators"),
        ("1.234.567", "thousands separators"),
        ("1_000", "thousands separators"),
        ("3.7 dB", "a unit"),
        ("3.7dB", "a unit"),
        ("95%", "a unit"),
        ("2024-05-01", "a date"),
        ("1.5.2024", "a date"),
        ("1/2/24", "a date"),
        ("high", "not a number"),
        ("0x10", "not a number"),
        ("٣", "not a number"),
        ("1e", "not a number"),
        ("--", "not a number"),
        ("True", "not a number"),
    ],
)
def test_what_people_write_for_numbers_is_refused_with_what_is_wrong(tmp_path, text, reason):
    table = read(tmp_path, f'name,mos\na,1\nb,"{text}"\n')
    with pytest.raises(UsageError, match=rf"t\.csv, line 3: mos is '{re.escape(text)}', .*{reason}"):
        table.numbers("mos")
    with pytest.raises(UsageError, match=rf"line 3: mos is .*{reason}"):
        number(dict(table.rows[1]), "mos", table.path, 3)


@pytest.mark.parametrize("text", ["", " ", "-", "–", "NA", "n/a", "#N/A", "NaN", "null", "None"])
def test_what_people_write_for_nothing_is_nothing(tmp_path, text):
    table = read(tmp_path, f"name,mos\na,{text}\n")
    assert math.isnan(table.numbers("mos")[0])
    with pytest.raises(UsageError, match="not a number"):
        number(dict(table.rows[0]), "mos", table.path, 2)


@given(st.floats())
def test_every_number_that_is_written_is_read_back(value):
    found = to_number(repr(value))
    assert found == value or math.isnan(value)


def test_a_cell_of_a_spreadsheet_that_is_no_number_is_refused():
    for cell in (True, date(2024, 5, 1), "3,7"):
        with pytest.raises(ValueError, match="not a number"):
            to_number(cell)
    assert (to_number(3), to_number(2.5)) == (3.0, 2.5)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "dist;mos\na.png;3,7\n", "separated by ';'; separate them by ','"),
        ("t.csv", "dist\tmos\na.png\t3\n", r"separated by '\\t'; separate them by ',', or call it .tsv"),
        ("t.tsv", "dist,mos\na.png,3\n", r"separated by ','; separate them by '\\t'"),
        ("t.csv", "dist,mos\na.png,3,7\n", "line 2: 3 values for 2 columns; a decimal comma makes two values of one"),
        ("t.csv", "dist,mos\na.png,3\0\n", "it has zero bytes"),
    ],
)
def test_other_separators_are_told_and_not_guessed(tmp_path, name, text, message):
    with pytest.raises(UsageError, match=message):
        read_table(written(tmp_path / name, text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_tabs_and_other_encodings_with_a_mark_are_read(tmp_path, encoding):
    table = read_table(written(tmp_path / "t.tsv", "dist\tmos\nä, b.png\t3\n", encoding))
    assert table.rows == ({"dist": "ä, b.png", "mos": "3"},)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0")).map(str.lstrip)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_what_is_written_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    written_rows = [{"a": first, "b": second} for first, second in rows]
    path.write_bytes("".join(csv_text(("a", "b"), written_rows)).encode())
    assert list(read_table(path).rows) == written_rows


@given(st.binary(max_size=200) | st.text(st.sampled_from(list("ab,;\t\"'\n\r\0. 1-é\ufeff"))).map(str.encode))
def test_any_file_is_a_table_or_one_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except UsageError as error:
        assert str(path) in str(error)
    else:
        assert all(tuple(row) == table.columns for row in table.rows)


def run_record(tmp_path: Path, pairs: Table) -> Path:
    out = tmp_path / "scores.csv"
    with ScoreWriter(out, pairs, ["deepmse"], SETTINGS) as writer:
        writer.write(scored(pairs)[0])
    return out


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"decisive"', b"\xff\xfe\0", b'"text"'])
def test_a_damaged_record_is_one_message_and_not_resumed(pairs, tmp_path, content):
    out = run_record(tmp_path, pairs)
    Path(f"{out}.run.json").write_bytes(content)
    before = out.read_bytes()
    with pytest.raises(UsageError, match=r"scores\.csv\.run\.json: is damaged or no record of a run; leave --resume"):
        finish(out, pairs, resume=True)
    assert out.read_bytes() == before


def test_a_full_disk_is_one_message_and_what_is_there_goes_on(pairs, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole.csv", tmp_path / "scores.csv"
    finish(whole, pairs, resume=False)
    said = r"scores\.csv: cannot be written \(.*\); what is there is kept: make room"
    with pytest.raises(OutputError, match=said), ScoreWriter(out, pairs, ["deepmse"], SETTINGS) as writer:
        writer.write(scored(pairs)[0])
        # From here on the disk takes three bytes more.
        monkeypatch.setattr(writer, "_file", Full(out))
        writer.write(scored(pairs)[1])
    assert len(out.read_bytes()) > len(b"dist")
    assert finish(out, pairs, resume=True) == 1
    assert read_table(out).rows == read_table(whole).rows


class Full:
    """A file on a disk that has three bytes left."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, data: bytes) -> int:
        with self._path.open("ab") as file:
            return file.write(data[:3])


def test_two_writers_never_share_a_file(pairs, tmp_path):
    out = tmp_path / "scores.csv"
    with ScoreWriter(out, pairs, ["deepmse"], SETTINGS) as writer:
        writer.write(scored(pairs)[0])
        before = out.read_bytes()
        for resume in (True, False):
            with (
                pytest.raises(UsageError, match=r"scores\.csv: is being written by"),
                ScoreWriter(out, pairs, ["deepmse"], SETTINGS, resume=resume),
            ):
                pass
        assert out.read_bytes() == before
    assert finish(out, pairs, resume=True) == 1


def test_columns_at_the_end_without_name_or_value_are_left_out(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("Image Name,MOS,,\nss03 (3753).jpg,0.8471,,\n")
    table = read_table(path)
    assert table.columns == ("Image Name", "MOS")
    assert table.rows == ({"Image Name": "ss03 (3753).jpg", "MOS": "0.8471"},)


def test_a_column_without_a_name_that_has_values_is_kept(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("dist,mos,\na.png,1,\nb.png,2,x\n")
    assert read_table(path).columns == ("dist", "mos", "")
