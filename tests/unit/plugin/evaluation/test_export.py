"""Tables: what is in them, read back, and whether LaTeX takes them."""

import csv
import io
import math
import re

import numpy as np
import pytest
from deepmse.plugin.evaluation import compare_metrics, evaluate
from deepmse.plugin.evaluation.export import (
    number,
    significance_to_latex,
    significance_to_markdown,
    to_csv,
    to_latex,
    to_markdown,
)


def sample(n=120):
    rng = np.random.default_rng(0)
    target = rng.normal(size=n)
    scores = {"good_one": target + 0.3 * rng.normal(size=n), "a|b": target + rng.normal(size=n), "wrong": -target}
    return scores, target, dict.fromkeys(scores, False)


def evaluation(**settings):
    scores, target, lower = sample()
    return evaluate(scores, target, lower_is_better=lower, **settings)


def markdown_rows(text):
    lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines()]
    assert {len(line) for line in lines} == {len(lines[0])}
    return lines[0], lines[2:]


def test_csv_has_every_value_in_full():
    result = evaluation(resamples=200, groups=["a", 'b "c", d'] * 60)
    rows = list(csv.DictReader(io.StringIO(to_csv(result))))
    assert len(rows) == 9
    for line, row in zip(rows, result.rows, strict=True):
        assert (line["metric"], line["group"], int(line["n"])) == (row.metric, row.group, row.n)
        assert float(line["srcc"]) == row.srcc
        assert line["outlier_ratio"] == ""
        for name, ends in row.intervals.items():
            assert (float(line[f"{name}_low"]), float(line[f"{name}_high"])) == ends
    assert rows[-1]["srcc_low"] == ""  # -1 exactly


def test_markdown_marks_the_best_of_each_column():
    header, lines = markdown_rows(to_markdown(evaluation()))
    assert header == ["Metric", "n", "SRCC", "KRCC", "PLCC", "RMSE"]
    assert [line[0] for line in lines] == ["good\\_one", "a\\|b", "wrong"]
    result = evaluation()
    assert lines[0][2] == f"**{result.rows[0].srcc:.4f}**"
    assert lines[2][2] == "-1.0000"
    assert [line[5].startswith("**") for line in lines] == [False, False, True]  # the wrong sign has no residuals


def test_each_group_has_its_best_and_equal_ones_share_it():
    scores, target, _ = sample()
    scores = {"a": scores["good_one"], "b": scores["good_one"], "c": scores["a|b"]}
    result = evaluate(scores, target, lower_is_better=dict.fromkeys("abc", False), groups=["x", "y"] * 60)
    header, lines = markdown_rows(to_markdown(result))
    assert header[:3] == ["Metric", "Group", "n"]
    assert [line[1] for line in lines] == ["all"] * 3 + ["x"] * 3 + ["y"] * 3
    assert [line[3].startswith("**") for line in lines] == [True, True, False] * 3


def test_one_metric_has_no_best():
    scores, target, _ = sample()
    assert "**" not in to_markdown(evaluate({"m": scores["a|b"]}, target, lower_is_better={"m": False}))


def test_intervals_missing_values_and_optional_columns():
    scores, target, lower = sample()
    scores["void"] = [None] * 120
    result = evaluate(
        scores,
        target,
        lower_is_better=lower | {"void": False},
        resamples=200,
        target_std=np.ones(120),
        references=[0, 1, 2] * 40,
    )
    header, lines = markdown_rows(to_markdown(result))
    assert header[-2:] == ["Outlier ratio", "SRCC within"]
    low, high = result.rows[0].intervals["srcc"]
    assert lines[0][2] == f"**{result.rows[0].srcc:.4f}** [{low:.4f}, {high:.4f}]"
    assert lines[3][1:] == ["0", *["–"] * 6]


def test_latex_is_the_same_table_escaped():
    result = evaluation(groups=["50 %", "[x]"] * 60)
    text = to_latex(result)
    lines = text.splitlines()
    assert lines[:3] == [
        r"\begin{tabular}{llrrrrr}",
        r"\toprule",
        r"Metric & Group & n & SRCC & KRCC & PLCC & RMSE \\",
    ]
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    assert text.count(r"\midrule") == 3
    (row,) = (row for row in result.rows if (row.metric, row.group) == ("good_one", "50 %"))
    assert rf"good\_one & 50 \% & 60 & \textbf{{{row.srcc:.4f}}} &" in text
    assert "{[}x]" in text
    assert "$-$1.0000" in text
    assert {line.count("&") for line in lines if "&" in line} == {6}


def test_the_matrix_of_a_test_reads_by_row():
    scores, target, lower = sample()
    lower = lower | {"wrong": True}
    rng = np.random.default_rng(1)
    scores["wrong"] = -target + 0.3 * rng.normal(size=120)
    scores["void"] = np.ones(120)
    result = compare_metrics(scores, target, lower_is_better=lower | {"void": False})
    header, lines = markdown_rows(significance_to_markdown(result))
    assert header == ["", "good\\_one", "a\\|b", "wrong", "void"]
    assert lines == [
        ["good\\_one", "", "1", "0", "–"],
        ["a\\|b", "-1", "", "-1", "–"],
        ["wrong", "0", "1", "", "–"],
        ["void", "–", "–", "–", ""],
    ]
    latex = significance_to_latex(result, "williams")
    assert r"a\textbar{}b & $-$1 &  & $-$1 & -- \\" in latex


@pytest.mark.parametrize(
    ("statistic", "value", "text"),
    [
        ("srcc", 0.91236, "0.9124"),
        ("srcc", -0.5, "-0.5000"),
        ("rmse", 0.0123456, "0.01235"),
        ("rmse", 7.12345, "7.123"),
        ("rmse", 1850.2, "1850"),
        ("rmse", 0.0, "0.0000"),
        ("rmse", 1.4e-17, "0.00000000"),
        ("plcc", None, "–"),
    ],
)
def test_numbers_have_the_digits_that_matter(statistic, value, text):
    assert number(statistic, value) == text
    assert value is None or math.isclose(float(text), value, rel_tol=1e-3, abs_tol=1e-12)
