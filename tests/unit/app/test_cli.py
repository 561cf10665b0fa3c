"""The commands as contracted: columns, JSON, exit status, resuming."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from deepmse import score_pairs
from deepmse.app import cli
from deepmse.plugin.engine import loading
from deepmse.plugin.engine import scorer as scoring
from deepmse.plugin.images import decode
from PIL import Image
from scipy.stats import kendalltau, spearmanr

from ...waiting import wait_for

#: Scores with the weights that are at hand.
DEPENDS_ON_DATA = True


@pytest.fixture
def table(made_pairs, tmp_path) -> Path:
    """Six pairs by relative paths, with columns to carry through."""
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "dist", "ref", "remark"])
        for index, pair in enumerate(made_pairs):
            writer.writerow([index, pair.dist.name, pair.ref.name, f'the "{index}th",\nsaid twice'])
    return path


@pytest.fixture
def flawed(made_pairs, tmp_path) -> Path:
    """Three pairs, of which the first lacks its reference and the last its distorted image."""
    path = tmp_path / "flawed.csv"
    dist, ref = made_pairs[0].dist.name, made_pairs[0].ref.name
    path.write_text(f"dist,ref\n{dist},gone.png\n{dist},{ref}\ngone.png,{ref}\n")
    return path


def test_score_writes_the_contracted_columns_and_the_scores_of_the_engine(run, table, made_pairs, monkeypatch):
    monkeypatch.chdir("/")
    result = run("score", table)
    assert result.status == 0
    assert list(result.rows[0]) == ["id", "dist", "ref", "remark", "deepmse", "error"]
    original = list(csv.DictReader(table.open(newline="")))
    assert [{key: row[key] for key in original[0]} for row in result.rows] == original
    expected = score_pairs([(pair.ref, pair.dist) for pair in made_pairs])
    for row, score in zip(result.rows, expected, strict=True):
        assert float(row["deepmse"]) == pytest.approx(score.measurements["deepmse"].value, rel=1e-6)
        assert row["error"] == ""
    assert "6 of 6 images scored" in result.err


def test_score_to_a_file_prints_nothing_else_and_writes_what_standard_output_gets(run, table, tmp_path):
    out = tmp_path / "new" / "scores.csv"
    result = run("score", table, "-o", out)
    assert (result.status, result.out) == (0, "")
    assert out.read_bytes().decode() == run("score", table).out
    assert f"6 of 6 images scored → {out}" in result.err


def test_rows_that_fail_have_a_reason_and_no_score_and_the_status_is_3(run, flawed, tmp_path):
    result = run("score", flawed)
    assert result.status == 3
    assert [row["deepmse"] == "" for row in result.rows] == [True, False, True]
    assert [row["error"] for row in result.rows] == [
        f"reference {tmp_path / 'gone.png'}: no such file",
        "",
        f"{tmp_path / 'gone.png'}: no such file",
    ]
    assert "1 of 3 images scored" in result.err
    assert "1 failed: reference no such file" in result.err
    assert "1 failed: no such file" in result.err


def test_pairs_of_different_shapes_are_named(run, tmp_path):
    for name, size in (("ref", (96, 64)), ("half", (48, 32)), ("tall", (64, 96))):
        Image.new("RGB", size, "teal").save(tmp_path / f"{name}.png")
    path = tmp_path / "pairs.csv"
    path.write_text("dist,ref\nhalf.png,ref.png\ntall.png,ref.png\n")
    result = run("score", path)
    assert result.status == 0
    [warning] = [line for line in result.err.splitlines() if "shape" in line]
    assert "tall.png: of another shape" in warning


def test_json_is_a_summary_with_the_rows_where_there_is_no_file(run, flawed, tmp_path):
    result = run("score", flawed, "--json")
    assert result.status == 3
    assert (result.json["pairs"], result.json["scored"], result.json["failed"]) == (3, 1, 2)
    assert result.json["errors"] == {"reference no such file": 1, "no such file": 1}
    assert result.json["rows"] == run("score", flawed).rows
    assert len(result.json["metrics"]["deepmse"]["weights"]["sha256"]) == 64
    to_file = run("score", flawed, "--json", "-o", tmp_path / "out.csv")
    assert to_file.json["output"] == str(tmp_path / "out.csv")
    assert "rows" not in to_file.json


def test_settings_reach_the_engine(run, table):
    default = [float(row["deepmse"]) for row in run("score", table).rows]
    native = run("score", table, "--policy", "native", "--preset", "pools", "--batch-size", 5, "--json")
    described = native.json["metrics"]["deepmse"]
    assert (described["preset"], described["policy"]["name"]) == ("pools", "native")
    assert all(float(row["deepmse"]) != value for row, value in zip(native.json["rows"], default, strict=True))
    assert "over the limit of 100 pixels" in run("score", table, "--max-pixels", 100).err


def test_columns_may_have_other_names(run, table):
    renamed = table.with_name("renamed.csv")
    renamed.write_text(table.read_text().replace("dist,ref", "image,original"))
    assert run("score", renamed).status == 2
    result = run("score", renamed, "--dist-column", "image", "--ref-column", "original")
    assert result.status == 0
    assert [row["deepmse"] for row in result.rows] == [row["deepmse"] for row in run("score", table).rows]


def test_a_table_from_a_spreadsheet_scores_like_any(run, table):
    spreadsheet = table.with_name("excel.csv")
    content = table.read_text().replace("\n", "\r\n").replace("0,dist0", "\r\n0,dist0")
    spreadsheet.write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert run("score", spreadsheet).rows == run("score", table).rows


def test_an_empty_table_gives_an_empty_table(run, tmp_path):
    (tmp_path / "none.csv").write_text("dist,ref\n")
    result = run("score", tmp_path / "none.csv")
    assert (result.status, result.out) == (0, "dist,ref,deepmse,error\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "no such file"),
        (["pairs.csv", "-m", "best"], "no metric 'best'; there are deepmse"),
        (["pairs.csv", "--resume"], "name it with -o"),
        (["pairs.csv", "--device", "gpu"], "no device 'gpu'"),
        (["pairs.csv", "--preset", "best"], "no DeepMSE preset"),
        (["pairs.csv", "--policy", "best"], "no image policy"),
        (["pairs.csv", "--batch-size", "0"], "'--batch-size'"),
        (["pairs.csv", "--dist-column", "photo"], "no column 'photo'"),
        (["pairs.csv", "-o", "pairs.csv"], "is the table of pairs itself"),
        (["pairs.csv", "-o", "."], "cannot be written"),
        (["ragged.csv"], "line 3: 1 values for 2 columns"),
        (["scored.csv"], "has a column 'deepmse' already"),
        (["pairs.csv", "--no-such-option"], "No such option"),
        ([], "what is to be scored?"),
    ],
)
def test_wrong_usage_is_status_2_and_a_sentence(run, table, monkeypatch, arguments, message):
    monkeypatch.chdir(table.parent)
    table.with_name("ragged.csv").write_text("dist,ref\na,b\nc\n")
    table.with_name("scored.csv").write_text("dist,ref,deepmse\na,b,1\n")
    before = table.read_bytes()
    result = run("score", *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert "Traceback" not in result.err
    assert table.read_bytes() == before


def test_missing_weights_are_status_1(run, table, tmp_path):
    result = run("score", table, "--weights", tmp_path)
    assert result.status == 1
    assert "no such weights file" in result.err


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Which files the engine decoded, and how often."""
    calls: Counter[str] = Counter()

    def counting(path: str | Path, **settings: Any) -> Any:
        calls[Path(path).name] += 1
        return decode(path, **settings)

    monkeypatch.setattr(loading, "decode", counting)
    return calls


def test_resume_computes_only_what_is_missing(run, table, tmp_path, decoded):
    out = tmp_path / "scores.csv"
    run("score", table, "-o", out)
    whole = out.read_bytes()
    rows = list(csv.DictReader(io.StringIO(whole.decode())))
    end_of_fourth = whole.index(rows[4]["dist"].encode()) - 2
    out.write_bytes(whole[: end_of_fourth + 5])
    decoded.clear()
    result = run("score", table, "-o", out, "--resume", "--json")
    assert result.status == 0
    assert (result.json["kept"], result.json["scored"], result.json["pairs"]) == (4, 6, 6)
    assert set(decoded) == {rows[4]["dist"], rows[5]["dist"], rows[5]["ref"]}
    assert out.read_bytes() == whole


def test_resume_of_a_whole_file_keeps_its_failures_in_the_status(run, flawed, tmp_path, decoded):
    out = tmp_path / "scores.csv"
    first = run("score", flawed, "-o", out, "--json")
    decoded.clear()
    second = run("score", flawed, "-o", out, "--resume", "--json")
    assert second.status == 3
    assert second.json == {**first.json, "kept": 3}
    assert not decoded


@pytest.mark.parametrize("changed", [["--preset", "pools"], ["--policy", "native"], ["--max-pixels", 10**6]])
def test_resume_under_other_settings_is_refused(run, table, tmp_path, changed):
    out = tmp_path / "scores.csv"
    run("score", table, "-o", out)
    before = out.read_bytes()
    result = run("score", table, "-o", out, "--resume", *changed)
    assert result.status == 2
    assert "other settings" in result.err
    assert out.read_bytes() == before


def test_resume_of_other_pairs_is_refused(run, table, flawed, tmp_path):
    out = tmp_path / "scores.csv"
    run("score", table, "-o", out)
    result = run("score", flawed, "-o", out, "--resume")
    assert result.status == 2
    assert "cannot be resumed" in result.err


def test_an_interrupt_leaves_what_was_scored_and_says_how_to_go_on(run, table, tmp_path, monkeypatch):
    original = scoring.Scorer.run

    def interrupted(self: scoring.Scorer, items: Any) -> Iterator[scoring.Score]:
        for number, score in enumerate(original(self, items)):
            if number == 3:
                raise KeyboardInterrupt
            yield score

    out = tmp_path / "scores.csv"
    monkeypatch.setattr(scoring.Scorer, "run", interrupted)
    result = run("score", table, "-o", out)
    assert result.status == 130
    assert "go on with --resume" in result.err
    assert len(list(csv.DictReader(out.open(newline="")))) == 3
    monkeypatch.undo()


def lines_of(path: Path) -> list[dict[str, str]]:
    """What is on disk now, read as strictly as CSV can be."""
    text = path.read_text() if path.exists() else ""
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert all(len(row) == len(rows[0]) for row in rows)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] if rows else []


def test_after_kill_9_the_file_is_valid_and_resume_completes_it(run, made_pairs, tmp_path, decoded):
    pairs, out = tmp_path / "many.csv", tmp_path / "scores.csv"
    repeated = [made_pairs[index % 6] for index in range(2000)]
    rows = [f"{index},{pair.dist.name},{pair.ref.name}" for index, pair in enumerate(repeated)]
    pairs.write_text("\n".join(["id,dist,ref", *rows]) + "\n")
    start = "from deepmse.app.cli import main; main()"
    command = [sys.executable, "-c", start, "score", str(pairs), "-o", str(out)]
    log = tmp_path / "log"
    with log.open("w") as errors, subprocess.Popen(command, stderr=errors) as process:
        wait_for(lambda: len(lines_of(out)) >= 3, process, log.read_text)
        process.send_signal(signal.SIGKILL)
    survived = lines_of(out)
    assert 3 <= len(survived) < 2000

    shorter = pairs.with_name("shorter.csv")
    shorter.write_text("\n".join(pairs.read_text().splitlines()[: len(survived) + 3]) + "\n")
    result = run("score", shorter, "-o", out, "--resume", "--json")
    assert (result.status, result.json["kept"], result.json["pairs"]) == (0, len(survived), len(survived) + 2)
    assert lines_of(out)[: len(survived)] == survived
    assert [row["id"] for row in lines_of(out)] == [str(index) for index in range(len(survived) + 2)]
    assert decoded.total() <= 4


SCORES = "image,deepmse,mine,mos,type\n" + "".join(
    f"{index}.png,{score},{-score},{mos},{kind}\n"
    for index, (score, mos, kind) in enumerate(
        zip([9, 7, 8, 4, 5, 3, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8], "aaaabbbb", strict=True)
    )
)


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(SCORES)
    return path


def test_evaluate_gives_contracted_json_that_agrees_with_scipy(run, scores):
    result = run("evaluate", scores, "--target", "mos", "--by", "type", "--json")
    assert result.status == 0
    assert result.json["target"] == "mos"
    assert [(row["metric"], row["group"], row["n"]) for row in result.json["rows"]] == [
        ("deepmse", "all", 8),
        ("deepmse", "a", 4),
        ("deepmse", "b", 4),
    ]
    score, mos = [-9, -7, -8, -4, -5, -3, -1, -2], [1, 2, 3, 4, 5, 6, 7, 8]
    for row, part in zip(result.json["rows"], (slice(None), slice(4), slice(4, None)), strict=True):
        assert {"srcc", "krcc", "plcc", "rmse", "plcc_raw", "rmse_raw", "fit", "reason"} <= set(row)
        assert row["srcc"] == pytest.approx(spearmanr(score[part], mos[part]).statistic)
        assert row["krcc"] == pytest.approx(kendalltau(score[part], mos[part]).statistic)


def srcc(result: Any) -> float:
    return float(result.json["rows"][0]["srcc"])


def test_the_sign_is_that_of_the_declared_directions(run, scores):
    agreeing = srcc(run("evaluate", scores, "--target", "mos", "--json"))
    assert agreeing > 0.9
    assert srcc(run("evaluate", scores, "--target", "mos", "--lower-is-better", "--json")) == -agreeing
    for column, sign in (("mine", 1), ("mine:higher", 1), ("mine:lower", -1), ("deepmse", 1), ("deepmse:higher", -1)):
        result = run("evaluate", scores, "--target", "mos", "-m", column, "--json")
        assert srcc(result) == sign * agreeing
        assert result.json["rows"][0]["metric"] == column.partition(":")[0]
        assert ("taking higher as better" in result.err) == (column == "mine")


def test_several_metrics_are_evaluated_in_the_order_given(run, scores):
    result = run("evaluate", scores, "--target", "mos", "-m", "mine:higher", "-m", "deepmse", "--json")
    assert [row["metric"] for row in result.json["rows"]] == ["mine", "deepmse"]


def test_a_statistic_that_cannot_be_had_is_null_with_a_reason(run, scores):
    scores.write_text("deepmse,mos,type\n1,1,a\n1,2,a\n1,3,a\n,4,b\n5,,b\n")
    rows = run("evaluate", scores, "--target", "mos", "--by", "type", "--json").json["rows"]
    assert [(row["group"], row["n"]) for row in rows] == [("all", 3), ("a", 3), ("b", 0)]
    for row in rows:
        assert row["srcc"] is None
        assert row["plcc"] is None
        assert row["reason"]


def test_failed_rows_of_score_are_left_out_of_evaluate(run, flawed, made_pairs, tmp_path):
    lines = ["dist,ref,mos", *(f"{pair.dist.name},{pair.ref.name},{i}" for i, pair in enumerate(made_pairs)), "x,y,9"]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    assert run("score", tmp_path / "pairs.csv", "-o", tmp_path / "out.csv").status == 3
    (row,) = run("evaluate", tmp_path / "out.csv", "--target", "mos", "--json").json["rows"]
    assert row["n"] == 6


def test_the_table_shows_values_as_they_are_whatever_they_are_called(run, scores):
    scores.write_text(SCORES.replace(",a\n", ",[/x]\n").replace("type", "[b]type :smile:"))
    result = run("evaluate", scores, "--target", "mos", "--by", "[b]type :smile:")
    assert result.status == 0
    for text in ("[/x]", "[b]type", ":smile:", "SRCC", "0.9"):
        assert text in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "quality"], "no column 'quality'"),
        (["--target", "mos", "--by", "level"], "no column 'level'"),
        (["--target", "mos", "-m", "best"], "no column 'best'"),
        (["--target", "image"], "image is '0.png', not a number"),
        ([], "Missing option '--target'"),
    ],
)
def test_wrong_usage_of_evaluate_is_status_2_and_a_sentence(run, scores, arguments, message):
    result = run("evaluate", scores, *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_evaluate_without_a_known_metric_asks_for_one(run, scores):
    scores.write_text("mine,mos\n1,2\n")
    result = run("evaluate", scores, "--target", "mos")
    assert result.status == 2
    assert "name one with -m (mine, mos)" in result.err


def test_evaluate_names_a_missing_column_without_guessing_its_direction(run, scores):
    scores.write_text("mine,mos\n1,2\n")
    result = run("evaluate", scores, "--target", "mos", "-m", "other")
    assert result.status == 2
    assert "no column 'other'" in result.err
    assert "warning" not in result.err


def test_space_around_a_group_or_no_more_than_space_is_no_group_of_its_own(run, scores):
    scores.write_text("psnr,mos,type\n1,1,blur\n2,2,blur \n3,3,\n4,4,  \n")
    result = run("evaluate", scores, "--target", "mos", "--by", "type", "--json")
    rows = json.loads(result.out)["rows"]
    assert [(row["group"], row["n"]) for row in rows] == [("all", 4), ("blur", 2), ("(none)", 2)]


def test_rows_that_name_no_image_say_so(run, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text("dist,ref\n,\n  ,a.png\n")
    result = run("score", table, "-m", "psnr")
    assert result.status == 3
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [(row["psnr"], row["error"]) for row in rows] == [("", "empty path: no image is named")] * 2
    assert "2 failed: empty path: no image is named" in result.err


def test_weights_are_listed_and_verified(run, test_data, tmp_path, monkeypatch):
    path = test_data / "weights" / "squeezenet1_1_features.safetensors"
    listed = run("weights", "list")
    assert listed.status == 0
    assert "squeezenet1_1" in listed.out
    verified = run("weights", "verify", path)
    assert verified.status == 0
    assert "4502a4529a6ec3e631e9b53401f882a5689373ffac9f56aecf04ffc659b36d70" in verified.out
    monkeypatch.setenv("DEEPMSE_WEIGHTS", str(path.parent))
    assert run("weights", "verify").out == verified.out
    (tmp_path / "w.safetensors").write_bytes(path.read_bytes()[:-1])
    for wrong in (tmp_path / "w.safetensors", path.with_name("alexnet_features.safetensors")):
        assert run("weights", "verify", wrong).status == 1


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = getattr(command, "commands", {})
    return [path, *(found for name, each in below.items() for found in commands(each, (*path, name)))]


@pytest.mark.parametrize("path", commands(typer.main.get_command(cli.app)), ids=" ".join)
def test_every_command_explains_itself_and_its_options(run, path):
    result = run(*path, "--help")
    assert result.status == 0
    assert "Usage: deepmse " + " ".join(path) in result.out.replace("\n", " ")
    command = typer.main.get_command(cli.app)
    for name in path:
        command = command.commands[name]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None) or parameter.name == "help", parameter.name


def test_help_wraps_paragraphs_at_the_width_of_the_terminal(run):
    lines = [line.strip() for line in run("score", "--help").out.partition("╭")[0].splitlines()]
    paragraph = [line for line in lines[lines.index("") :] if line][2:]
    width = max(map(len, paragraph))
    for line, following in pairwise(paragraph):
        assert len(line) + len(following.split()[0]) >= width


def test_a_port_that_is_taken_is_status_2_and_a_sentence(run):
    pytest.importorskip("gradio")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("app", "--port", str(port))
    assert result.status == 2
    assert f"port {port}: taken" in result.err
    assert run("app", "--port", "80000").status == 2


def test_the_version_is_the_packages(run):
    result = run("--version")
    assert (result.status, result.out) == (0, f"deepmse {metadata.version('fiftyone-deepmse')}\n")


def test_help_is_fast_because_it_loads_no_library_that_computes():
    heavy = {"torch", "fiftyone", "gradio", "numpy", "scipy"}
    watch = f"""
import sys
from deepmse.app import cli
sys.argv[1:] = ["--help"]
try:
    cli.main()
finally:
    print(sorted({heavy} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_list_of_datasets_loads_no_library_that_computes():
    watch = """
import sys
from deepmse.app import cli
sys.argv[1:] = ["datasets"]
try:
    cli.main()
finally:
    print(sorted({"torch", "fiftyone", "scipy.signal", "scipy.ndimage", "scipy.stats"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", commands(typer.main.get_command(cli.app)), ids=" ".join)
def test_help_shows_no_type_of_a_flag(run, path):
    assert "bool" not in run(*path, "--help").out


def test_commands_are_grouped_in_the_help(run):
    out = run("--help").out
    titles = ["Score images", "Compare with opinion", "Train models", "This machine"]
    assert [line.strip("╭╮─ ") for line in out.splitlines() if line.startswith("╭")] == ["Options", *titles]


def test_the_shell_can_complete_commands(run):
    assert "--install-completion" in run("--help").out
    call = [sys.executable, "-c", "import sys; sys.argv[0] = 'deepmse'; from deepmse.app import cli; cli.main()"]
    for typed, place, completed in (("deepmse eva", 1, ["evaluate"]), ("deepmse score -m ms", 3, ["ms-ssim"])):
        asked = {"_DEEPMSE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(place)}
        done = subprocess.run(call, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
        assert done.stdout.split() == completed
