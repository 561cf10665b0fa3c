"""``deepmse score --dataset``: fields or a file, the same scores."""

import csv

import pytest
from fiftyone import ViewField as F

pytestmark = pytest.mark.integration


def test_scores_go_into_fields_or_into_a_file(run, dataset, tmp_path):
    out = tmp_path / "scores.csv"
    to_file = run("score", "--dataset", dataset.name, "-m", "psnr", "-o", out)
    assert to_file.status == 0, to_file.err
    assert not dataset.has_field("psnr")
    written = {row["id"]: float(row["psnr"]) for row in csv.DictReader(out.open(newline=""))}

    dataset.save_view("noisy", dataset.match(F("level") > 1))
    result = run("score", "--dataset", dataset.name, "--view", "noisy", "-m", "psnr", "--top", 1, "--json")
    assert result.status == 0, result.err
    assert [summary["scored"] for summary in result.json["metrics"]] == [4]
    dataset.reload()
    in_fields = dict(zip(*dataset.exists("psnr").values(["id", "psnr"]), strict=True))
    assert in_fields == pytest.approx({key: written[key] for key in in_fields}, rel=1e-8)
    (worst,) = result.json["worst"]
    assert worst["score"] == min(in_fields.values())

    rest = run("score", "--dataset", dataset.name, "-m", "psnr", "--resume", "--json")
    assert [(each["scored"], each["skipped"]) for each in rest.json["metrics"]] == [(2, 4)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "none such"], "no FiftyOne dataset 'none such'"),
        (["--dataset", "{name}", "--view", "none"], "no saved view 'none'"),
        (["--dataset", "{name}", "a.png"], "--dataset comes alone"),
        (["--view", "none"], "--view is of a dataset"),
        ([], "what is to be scored?"),
    ],
)
def test_wrong_usage_is_status_2_and_a_sentence(run, dataset, arguments, message):
    result = run("score", *(argument.format(name=dataset.name) for argument in arguments))
    assert (result.status, message in result.err) == (2, True), result.err
