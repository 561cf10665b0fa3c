"""``deepmse evaluate``: intervals, comparisons, tables for papers and figures. Its correlations: test_cli.py."""

import csv
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin.evaluation import compare_metrics, evaluate, export
from deepmse.plugin.learning import learnt
from deepmse.plugin.learning.files import write_model
from deepmse.plugin.metrics.models import Declaration
from PIL import Image
from scipy.stats import spearmanr

REFERENCES = 12


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Two metrics on eight images of each of twelve references, two types of distortion."""
    rng = np.random.default_rng(0)
    reference = np.repeat(np.arange(REFERENCES), 8)
    mos = rng.normal(size=reference.size) + 0.5 * rng.normal(size=REFERENCES)[reference]
    rows = {
        "ref": [f"{index}.png" for index in reference],
        "type": ["blur", "noise"] * 48,
        "psnr": mos + 0.4 * rng.normal(size=mos.size),
        "mine": -(mos + rng.normal(size=mos.size)),
        "mos": mos,
        "mos_std": rng.uniform(0.1, 0.4, mos.size),
    }
    path = tmp_path / "scores.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows)
        writer.writerows(zip(*rows.values(), strict=True))
    return path


@pytest.fixture
def table(scores: Path) -> dict[str, list]:
    with scores.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] if name in ("ref", "type") else float(row[name]) for row in rows] for name in rows[0]}


BOTH = ("-m", "psnr:higher", "-m", "mine:lower")
LOWER = {"psnr": False, "mine": True}


def expected(table, **settings):
    columns = {name: table[name] for name in LOWER}
    return evaluate(columns, table["mos"], target_name="mos", lower_is_better=LOWER, **settings)


def through_json(result):
    return json.loads(json.dumps(result.to_dict()))


def test_images_that_the_model_learnt_from_are_told_and_left_out(run, made_pairs, monkeypatch, tmp_path):
    images = [pair.dist for pair in made_pairs]
    rows = [f"{path},{index},{index}\n" for index, path in enumerate(images)]
    (tmp_path / "scores.csv").write_text("dist,mos,nr\n" + "".join(rows))
    monkeypatch.setattr(learnt, "_PACKAGED", tmp_path)
    learnt.remember(tmp_path / "nr.safetensors", images[:3])

    command = ("evaluate", tmp_path / "scores.csv", "--target", "mos", "--resamples", 0, "--json")
    warned, unseen = run(*command), run(*command, "--unseen")
    assert [result.json["rows"][0]["n"] for result in (warned, unseen)] == [6, 3]
    assert "nr learnt from 3 of these 6 images: its agreement here says little" in " ".join(warned.err.split())
    assert "nr learnt from 3 of these 6 images: left out" in " ".join(unseen.err.split())


def test_a_model_is_named_by_its_file_which_tells_its_direction_and_what_it_learnt_from(run, made_pairs, tmp_path):
    images, model = [pair.dist for pair in made_pairs], tmp_path / "mine.safetensors"
    rows = [f"{path},{index},{-index}\n" for index, path in enumerate(images)]
    (tmp_path / "scores.csv").write_text("dist,mos,mine\n" + "".join(rows))
    write_model(model, {"weight": torch.zeros(1)}, Declaration("finetuned", lower_is_better=True), {}, {})
    learnt.remember(model, images[:2])
    result = run("evaluate", tmp_path / "scores.csv", "--target", "mos", "-m", model, "--resamples", 0, "--json")
    assert [(row["metric"], row["srcc"]) for row in result.json["rows"]] == [("mine", 1)]
    assert "mine learnt from 2 of these 6 images: its agreement here" in " ".join(result.err.split())
    assert "no known metric" not in result.err


def test_intervals_are_clustered_by_the_reference_where_there_is_one(run, scores, table):
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--json")
    assert result.status == 0
    assert (result.json["clusters"], result.json["resamples"]) == ("ref", 1000)
    assert result.json["rows"] == through_json(expected(table, clusters=table["ref"], resamples=1000))["rows"]
    assert "the images of one ref together; --cluster names another" in result.err


def test_the_picture_stands_in_for_a_reference_that_is_not_known(run, scores, table):
    text = scores.read_text().splitlines()
    header = text[0].split(",")
    assert "ref" in header
    scores.write_text(
        "\n".join([",".join("quality_source" if name == "ref" else name for name in header), *text[1:]])
    )
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--json")
    assert result.json["clusters"] == "quality_source"
    assert result.json["rows"] == through_json(expected(table, clusters=table["ref"], resamples=1000))["rows"]


def test_the_cluster_and_the_number_of_resamples_can_be_chosen(run, scores, table):
    arguments = ("evaluate", scores, "--target", "mos", *BOTH, "--resamples", "150", "--json")
    result = run(*arguments, "--cluster", "type", "--by", "type")
    wanted = expected(table, clusters=table["type"], groups=table["type"], resamples=150)
    assert result.json["rows"] == through_json(wanted)["rows"]
    assert "--cluster names another" not in result.err
    assert result.json["rows"][0]["intervals"] == {}
    assert result.json["rows"][0]["intervals_reason"] == "an interval needs 4 clusters, not 2"


def test_without_resamples_there_are_no_intervals(run, scores, table):
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--resamples", "0", "--json")
    assert result.json["rows"] == through_json(expected(table))["rows"]
    assert result.err == ""


def test_without_references_each_image_is_drawn_by_itself(run, scores, table, tmp_path):
    scores.write_text(scores.read_text().replace("ref,", "picture,", 1))
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--json")
    assert result.json["clusters"] is None
    assert result.json["rows"] == through_json(expected(table, resamples=1000))["rows"]


def test_deviations_of_the_target_add_the_outlier_ratio(run, scores, table):
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--target-std", "mos_std", "--json")
    ratios = [row.outlier_ratio for row in expected(table, target_std=table["mos_std"]).rows]
    assert [row["outlier_ratio"] for row in result.json["rows"]] == ratios
    assert 0 < ratios[0] < ratios[1] < 1
    assert "outliers" in run("evaluate", scores, "--target", "mos", *BOTH, "--target-std", "mos_std").out


def test_the_terminal_shows_values_intervals_and_comparisons(run, scores, table):
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--significance")
    row = expected(table, clusters=table["ref"], resamples=1000).rows[0]
    low, high = row.intervals["srcc"]
    assert f"{row.srcc:.4f} [{low:.4f},{high:.4f}]" in result.out
    pair = compare_metrics(
        {name: table[name] for name in LOWER}, table["mos"], lower_is_better=LOWER, clusters=table["ref"]
    ).pairs[0]
    assert f"{pair.srcc_difference:+.4f} [{pair.interval[0]:+.4f},{pair.interval[1]:+.4f}]" in result.out
    assert f"{pair.p_holm['bootstrap']:.4f}*" in result.out
    assert pair.p_holm["f"] < 0.00005
    assert "<0.0001*" in result.out
    assert "0.0000" not in result.out


def test_comparisons_as_json(run, scores, table):
    found = run("evaluate", scores, "--target", "mos", *BOTH, "--significance", "--json").json["significance"]
    wanted = compare_metrics(
        {name: table[name] for name in LOWER}, table["mos"], lower_is_better=LOWER, clusters=table["ref"]
    )
    assert found == through_json(wanted)
    assert found["clusters"] == REFERENCES


@pytest.mark.parametrize(
    ("option", "table_of", "matrix_of"),
    [
        ("--latex", export.to_latex, export.significance_to_latex),
        ("--markdown", export.to_markdown, export.significance_to_markdown),
    ],
)
def test_tables_for_papers(run, scores, table, option, table_of, matrix_of):
    arguments = ("evaluate", scores, "--target", "mos", *BOTH, "--by", "type", option)
    wanted = table_of(expected(table, groups=table["type"], clusters=table["ref"], resamples=1000))
    assert run(*arguments).out == wanted
    compared = compare_metrics(
        {name: table[name] for name in LOWER}, table["mos"], lower_is_better=LOWER, clusters=table["ref"]
    )
    assert run(*arguments, "--significance").out == f"{wanted}\n{matrix_of(compared)}"


def test_reasons_are_given_once(run, scores):
    few = "\n".join(scores.read_text().splitlines()[:25])  # three references
    scores.write_text(few)
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--by", "type", "--significance")
    assert result.status == 0
    assert result.err.count("an interval needs 4 clusters, not 3") == 1
    assert "psnr, all and 6 more: an interval needs 4 clusters, not 3" in result.err
    assert "psnr and mine, t: 3 clusters have both correlations: the test needs 4" in result.err


@pytest.mark.parametrize("figure", ["heatmap", "significance"])
def test_figures_of_several_metrics_are_saved(run, scores, tmp_path, figure):
    out = tmp_path / "figure.html"
    result = run(
        "evaluate",
        scores,
        "--target",
        "mos",
        *BOTH,
        "--by",
        "type",
        "--significance",
        "--plot",
        out,
        "--figure",
        figure,
    )
    assert result.status == 0
    assert f"figure.html: the figure {figure}" in result.err
    page = out.read_text()
    assert "plotly" in page
    assert "PSNR" in page


@pytest.mark.parametrize("figure", ["heatmap", "scatter", "residuals", "histogram", "probability", "regression"])
def test_figures_of_one_metric_are_saved(run, scores, tmp_path, figure):
    out = tmp_path / "figure.html"
    arguments = ("evaluate", scores, "--target", "mos", "-m", "mine:lower", "--resamples", "0", "--by", "type")
    assert run(*arguments, "--plot", out, "--figure", figure).status == 0
    page = out.read_text()
    assert len(page) > 100_000
    assert "MOS" in page
    assert "scores.csv, n = " in page


def test_intervals_can_be_left_out(run, scores):
    table = run("evaluate", scores, "--target", "mos", *BOTH, "--no-intervals", "--significance")
    assert (table.status, "[" in table.out.partition("p-values")[0]) == (0, False)
    assert "p-values" in table.out
    rows = run("evaluate", scores, "--target", "mos", *BOTH, "--no-intervals", "--json").json["rows"]
    assert not any(row["intervals"] for row in rows)


def test_a_picture_is_saved(run, scores, tmp_path):
    out = tmp_path / "figure.png"
    result = run("evaluate", scores, "--target", "mos", *BOTH, "--plot", out)
    if "without Chrome or Chromium" in result.err:
        assert "CI" not in os.environ, result.err
        pytest.skip("needs Chrome or Chromium")
    assert result.status == 0
    with Image.open(out) as picture:
        assert min(picture.size) > 200
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--latex", "--json"], "choose one"),
        (["--cluster", "scene"], "no column 'scene'"),
        (["--target-std", "std"], "no column 'std'"),
        (["--resamples", "10"], "10 resamples are too few"),
        (["--plot", "x.jpg"], "saved as .png, .svg, .pdf, .html"),
        (["--plot", "x.html", "--figure", "scatter"], "the figure scatter is of one metric"),
        (["--plot", "x.html", "--figure", "significance"], "needs --significance"),
    ],
)
def test_wrong_usage_is_status_2_and_a_sentence(run, scores, arguments, message):
    result = run("evaluate", scores, "--target", "mos", *BOTH, *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_a_figure_of_nothing_is_refused(run, scores, tmp_path):
    scores.write_text("psnr,mos\n1,1\n1,2\n1,3\n")
    result = run("evaluate", scores, "--target", "mos", "--plot", tmp_path / "x.html", "--figure", "histogram")
    assert result.status == 2
    assert "there is no figure histogram: every score is the same" in result.err


def test_psnr_on_real_images(run, ranked_pairs, tmp_path):
    def pixels(path):
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"), dtype=np.float64)

    psnr = [10 * np.log10(255**2 / np.mean((pixels(pair.ref) - pixels(pair.dist)) ** 2)) for pair in ranked_pairs]
    rows = [f"{pair.ref.name},{pair.distortion},{pair.dmos},{p}" for pair, p in zip(ranked_pairs, psnr, strict=True)]
    (tmp_path / "live.csv").write_text("\n".join(["ref,distortion,dmos,psnr", *rows]))
    result = run(
        "evaluate",
        tmp_path / "live.csv",
        *("--target", "dmos", "--lower-is-better", "-m", "psnr:higher", "--by", "distortion", "--json"),
    )
    rows = result.json["rows"]
    counts = Counter(pair.distortion for pair in ranked_pairs)
    assert [(row["group"], row["n"]) for row in rows] == [("all", len(ranked_pairs)), *sorted(counts.items())]
    dmos = [pair.dmos for pair in ranked_pairs]
    assert rows[0]["srcc"] == pytest.approx(-spearmanr(psnr, dmos).statistic)
    low, high = rows[0]["intervals"]["srcc"]
    assert low < rows[0]["srcc"] < high


@pytest.fixture
def named(scores):
    """Evaluate two agreeing metrics with the target turned about and under another name, as JSON."""

    def rename(target: str, header: str = "ref,type") -> Path:
        lines = scores.read_text().splitlines()
        rows = [line.split(",") for line in lines[1:]]
        turned = [",".join((*row[:4], str(-float(row[4])), row[5])) for row in rows]
        scores.write_text("\n".join([f"{header},psnr,mine,{target},spread", *turned]))
        return scores

    return rename


def signs(result):
    return [np.sign(row["srcc"]) for row in result.json["rows"]]


@pytest.mark.parametrize("target", ["dmos", "DMOS", "dmos_new", "level"])
def test_a_target_whose_name_says_that_lower_is_better_needs_no_option(run, named, target):
    arguments = ("evaluate", named(target), "--target", target, *BOTH, "--resamples", "0", "--json")
    result = run(*arguments)
    assert (signs(result), result.json["lower_is_better"]) == ([1, 1], True)
    assert f"{target}: lower is better, as its name says; --higher-is-better says otherwise" in result.err
    asked = run(*arguments, "--lower-is-better")
    assert (signs(asked), asked.err) == ([1, 1], "")
    assert signs(run(*arguments, "--higher-is-better")) == [-1, -1]


@pytest.mark.parametrize("target", ["mos", "mos_zscore", "quality_level", "admost"])
def test_another_target_is_never_turned_and_disagreement_of_all_is_said(run, named, target):
    arguments = ("evaluate", named(target), "--target", target, "--resamples", "0", "--json")
    result = run(*arguments, *BOTH)
    assert (signs(result), result.json["lower_is_better"]) == ([-1, -1], False)
    said = f"every score disagrees with {target}, taken as higher is better; if it is not, say --lower-is-better"
    assert said in " ".join(result.err.split())
    assert "disagrees" not in run(*arguments, "-m", "psnr:higher", "-m", "mine:higher").err
    assert "disagrees" not in run(*arguments, *BOTH, "--lower-is-better").err


def test_the_scores_that_kadid10ks_own_table_calls_dmos_are_higher_better(run, named):
    table = named("dmos", header="dist_img,ref_img")
    result = run("evaluate", table, "--target", "dmos", *BOTH, "--resamples", "0", "--json")
    assert (signs(result), result.json["lower_is_better"]) == ([-1, -1], False)


@pytest.mark.parametrize("form", [(), ("--latex",), ("--markdown",)])
def test_one_metric_alone_has_no_table_of_comparisons(run, scores, form):
    arguments = ("evaluate", scores, "--target", "mos", "-m", "psnr:higher", "--resamples", "200", *form)
    result = run(*arguments, "--significance")
    assert result.out == run(*arguments).out
    assert "significance: a comparison needs two metrics" in result.err


def test_what_people_think_of_the_worst_is_told(run, tmp_path):
    table = tmp_path / "scores.csv"
    rows = [f"{number}.png,{number},{2 * number}" for number in range(1, 21)]
    table.write_text("\n".join(["dist,psnr,mos", *rows]))
    told = json.loads(run("evaluate", table, "--target", "mos", "--worst", "10", "--json").out)
    found = {"n": 2, "mean": 3.0, "percentile": 5.0, "mean_of_others": 23.0}
    assert told["worst"] == {"percent": 10.0, "metrics": {"psnr": found}}
    shown = run("evaluate", table, "--target", "mos", "--worst", "10").out
    assert "The worst 10 % by each metric" in shown
    assert run("evaluate", table, "--target", "mos", "--worst", "100").status == 2
