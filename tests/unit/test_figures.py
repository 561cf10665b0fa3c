"""What measures the pages' figures again: values are found in what commands print, compared, and put into pages."""

import runpy
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "figures"
PAGE = "| a | 1,234 | 0.123 | 0.100 to 0.150 |\nthe worst\nare blur 3, noise 1; -12.5 % of 0.999\n"
OUTPUT = {
    "rows": [{"metric": "a", "n": 99, "srcc": 0.5, "srcc_95": [0.25, 0.75]}],
    "faults": {"none": 7, "noise": 4, "blur": 2},
    "share": 0.0625,
}
REGISTER = """
[commands.score]
needs = ["photos"]
steps = ["true", "python -c 'print(1)'"]

[[figures]]
command = "score"
name = "rows"
page = "PAGE.md"
text = "| $key | {:,} | {:.3f} | {low:.3f} to {high:.3f} |"
values = "rows[?metric=='$key'] | [0].[n, srcc]"
interval = "rows[?metric=='$key'] | [0].srcc_95"
rows = ["a"]

[[figures]]
command = "score"
name = "worst"
page = "PAGE.md"
text = "the worst are {}; {:.1f} %"
values = "[counts(faults, 'none'), over(share, `0.01`)]"
"""


@pytest.fixture(scope="module")
def measuring() -> dict:
    """What the command's module defines."""
    sys.path.insert(0, str(FOLDER))
    yield runpy.run_path(str(FOLDER / "__main__.py"))
    sys.path.remove(str(FOLDER))


@pytest.fixture
def figures(measuring, tmp_path) -> list:
    (tmp_path / "register.toml").write_text(REGISTER)
    return measuring["read_register"](tmp_path / "register.toml")


def test_values_are_found_in_the_output_and_written_where_the_page_prints_them(figures):
    page = PAGE
    for figure in figures:
        page = figure.written_into(page, figure.measured(OUTPUT))
    assert page == "| a | 99 | 0.500 | 0.250 to 0.750 |\nthe worst\nare noise 4, blur 2; 6.2 % of 0.999\n"


def test_what_the_output_lacks_is_an_error(figures):
    with pytest.raises(ValueError, match="score/rows/a"):
        figures[0].measured({"rows": []})


def test_a_number_of_other_digits_is_another_figure(figures):
    row, _ = figures
    assert row.found_in("| a | 1,234 | 0.1234 | 0.100 to 0.150 |") == []
    assert row.found_in("| a | 0.5 | 0.123 | 0.100 to 0.150 |") == []
    assert len(row.found_in(PAGE + PAGE)) == 2


def test_what_was_measured_comes_back_from_its_file(measuring, figures, tmp_path):
    found = {figure.name: figure.measured(OUTPUT) for figure in figures}
    measuring["write_values"](tmp_path / "values.json", found)
    assert measuring["read_values"](tmp_path / "values.json") == found


def test_new_values_agree_if_they_print_the_same_or_are_within_the_tolerance(measuring, figures):
    row, _ = figures
    old = {row.name: row.measured(OUTPUT)}

    def agrees(srcc: float, tolerance: float | None = None) -> bool:
        output = {"rows": [OUTPUT["rows"][0] | {"srcc": srcc}]}
        return measuring["agrees"](replace(row, tolerance=tolerance), old, {row.name: row.measured(output)})

    assert agrees(0.5004)
    assert not agrees(0.501)
    assert agrees(0.51, 0.03)
    assert not agrees(0.52, 0.03)


def test_commands_run_in_a_folder_of_their_own_on_the_data_at_hand(measuring, figures, tmp_path, monkeypatch):
    monkeypatch.setitem(measuring["run"].__globals__, "ROOT", tmp_path)
    code = "import json, pathlib, sys; pathlib.Path('made').touch(); print(json.dumps(sys.argv[1:]))"
    command = replace(figures[0].command, steps=(f"python -c {shlex.quote(code)} $photos",))
    assert measuring["run"](command, {"photos": tmp_path / "my photos"}, resume=False) == [f"{tmp_path}/my photos"]
    assert (tmp_path / "build" / "figures" / "score" / "made").exists()
    with pytest.raises(measuring["NotRunError"], match="photos is not at hand"):
        measuring["run"](command, {}, resume=False)
    with pytest.raises(measuring["NotRunError"], match="status 3: no good"):
        failing = replace(
            command, steps=("python -c 'import sys; print(\"no good\", file=sys.stderr); sys.exit(3)'",)
        )
        measuring["run"](failing, {"photos": tmp_path}, resume=False)
