"""``deepmse issues``: a folder in, counts and a table out."""

import json

import numpy as np
import pytest
from deepmse.plugin.engine.issue_tables import Look
from deepmse.plugin.tables import read_table
from PIL import Image
from scipy.stats import spearmanr

from ....conftest import photo_like


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    root.mkdir()
    for name, pixels in {
        "a": photo_like(0, 96, 64),
        "b": photo_like(0, 96, 64),
        "c": photo_like(1, 96, 64) // 20,
    }.items():
        Image.fromarray(np.asarray(pixels)).save(root / f"{name}.png")
    (root / "d.png").write_text("no image")
    return root


def test_counts_and_a_row_an_image_with_scores_of_the_same_decoding(run, folder, tmp_path):
    out = tmp_path / "out.csv"
    result = run("issues", folder, "-m", "piqe", "-o", out, "--json")
    assert result.status == 0, result.err
    counts = {each["issue"]: each["images"] for each in json.loads(result.out)["issues"]}
    assert (counts["dark"], counts["exact duplicate"], counts["unreadable"]) == (1, 1, 1)
    rows = {row["dist"]: row for row in read_table(out).rows}
    assert rows["photos/b.png"]["quality_duplicate_of"] == "photos/a.png"
    sources = {name: row["quality_source"] for name, row in rows.items()}
    assert [sources[f"photos/{name}.png"] for name in "abcd"] == ["photos/a.png"] * 2 + ["photos/c.png", ""]
    assert "dark" in rows["photos/c.png"]["quality_issues"].split("; ")
    assert rows["photos/d.png"]["quality_issues"] == "unreadable"
    assert "not an image" in rows["photos/d.png"]["error"]
    assert [bool(row["piqe"]) for row in rows.values()] == [True, True, True, False]
    alone = run("issues", folder, "--threshold", "dark=0", "-o", tmp_path / "alone.csv")
    assert alone.status == 0
    same = read_table(tmp_path / "alone.csv").rows
    assert [row["quality_noise"] for row in same] == [row["quality_noise"] for row in rows.values()]
    assert not any("dark" in row["quality_issues"].split("; ") for row in same)


@pytest.mark.parametrize("metric", [(), ("-m", "piqe")])
def test_what_was_found_outlives_the_process(run, folder, tmp_path, monkeypatch, metric):
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    assert run("issues", folder, *metric, "-o", whole).status == 0
    looks = []

    def interrupted(self, items):
        yield from look(self, items[:2])
        raise KeyboardInterrupt

    def watched(self, items):
        looks.append(len(items))
        return look(self, items)

    look = Look.run
    with monkeypatch.context() as patch:
        patch.setattr(Look, "run", interrupted)
        assert run("issues", folder, *metric, "-o", out).status == 130
    assert not out.exists()
    with monkeypatch.context() as patch:
        patch.setattr(Look, "run", watched)
        assert run("issues", folder, *metric, "-o", out, "--resume").status == 0
    assert looks == [2]
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "photos", "whole.csv"]


def test_issues_are_set_beside_opinions(run, folder, tmp_path):
    for name, shade in {"e": 2, "f": 3, "g": 4}.items():
        Image.fromarray(photo_like(2, 96, 64) // shade).save(folder / f"{name}.png")
    opinions = {"a": 0.9, "b": 0.7, "c": 0.1, "d": 0.2, "e": "", "f": 0.5, "g": 0.3}
    table = tmp_path / "mos.csv"
    table.write_text("".join(["dist,mos\n", *(f"photos/{name}.png,{mos}\n" for name, mos in opinions.items())]))
    out = tmp_path / "out.csv"
    told = json.loads(run("issues", table, "--target", "mos", "-o", out, "--json").out)
    beside = {each["issue"]: each for each in told["opinions"]}
    rows = [row for row in read_table(out).rows if row["mos"] and row["quality_brightness"]]
    measure, mos = ([float(row[name]) for row in rows] for name in ("quality_brightness", "mos"))
    assert beside["dark"]["srcc"] == pytest.approx(spearmanr(measure, mos).statistic)
    has = ["dark" in row["quality_issues"].split("; ") for row in rows]
    assert beside["dark"]["images"] == sum(has) > 0
    assert beside["dark"]["mean"] == pytest.approx(np.mean(np.array(mos)[has]))
    others = [*np.array(mos)[~np.array(has)], 0.2]  # the unreadable one is not dark, and has an opinion
    assert beside["dark"]["mean_of_others"] == pytest.approx(np.mean(others))
    assert (beside["grey"]["images"], beside["grey"]["mean"]) == (0, None)
    assert "Issues beside mos" in run("issues", table, "--target", "mos").err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name paths, or a FiftyOne dataset"),
        ((".", "--threshold", "dark"), "write ISSUE=VALUE"),
        ((".", "--threshold", "ugly=1"), "no issue 'ugly'"),
        ((".", "--patches", "boxes"), "--dataset"),
        ((".", "--resume"), "name it with -o"),
        ((".", "-m", "psnr"), "need none"),
    ],
)
def test_wrong_usage_is_said(run, folder, monkeypatch, arguments, reason):
    monkeypatch.chdir(folder)
    result = run("issues", *arguments)
    assert result.status == 2
    assert reason in result.err.replace("\n", " ")
