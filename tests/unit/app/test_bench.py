"""The benchmarks' arithmetic, on made rates."""

import json

import pytest
import torch
from deepmse.app import bench_others
from deepmse.app.bench import DECODE, END_TO_END, FILES, LPIPS, LPIPS_NATIVE, MODEL, Rate, Ratio, Speeds
from deepmse.plugin.engine.scorer import Scorer
from PIL import Image

from ...conftest import photo_like

RATES = {
    DECODE: 400,
    f"DeepMSE, {MODEL}, references kept": 240,
    f"DeepMSE, {MODEL}": 120,
    END_TO_END: 200,
    f"{END_TO_END}, every reference another file": 100,
    f"{LPIPS}, {MODEL}, batch 1": 60,
    f"{LPIPS}, {MODEL}, batch 8": 48,
    f"{LPIPS}, {FILES}, batch 1": 20,
    f"{LPIPS}, {FILES}, batch 8": 50,
    f"{LPIPS_NATIVE}, {FILES}": 25,
}
RATIOS = {
    f"DeepMSE, {MODEL}, references kept": [4],
    f"DeepMSE, {MODEL}": [2],
    END_TO_END: [4, 8],
    f"{END_TO_END}, every reference another file": [2, 4],
}


@pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(
    ("device", "message"), [("auto", "there is no GPU here"), ("cpu", "cpu is no GPU"), ("mps", "is not there")]
)
def test_no_gpu_is_one_sentence(run, device, message):
    result = run("bench", "gpu", "--device", device)
    assert (result.status, message in result.err, result.err.count("\n")) == (2, True, 1)


def test_growth_has_a_line_a_table(run):
    result = run("bench", "rows", "20", "5")
    assert result.status == 0, result.err
    assert [line.split()[0] for line in result.out.splitlines()[-2:]] == ["5", "20"]


def test_growth_repeats_the_rows_of_a_table(run, tmp_path):
    Image.fromarray(photo_like(0, 64, 48)).save(tmp_path / "a.png")
    (tmp_path / "images.csv").write_text("dist\na.png\n")
    result = run("bench", "rows", "3", "1", "--pairs", tmp_path / "images.csv", "-m", "piqe", "--json")
    assert result.status == 0, result.err
    one, three = result.json
    assert (one["rows"], three["rows"]) == (1, 3)
    assert one["per_second"] == pytest.approx(1 / one["seconds"])
    assert three["seconds"] > 0 < three["peak_mb"]


@pytest.fixture
def speeds() -> Speeds:
    return Speeds([Rate(name, "pairs", (rate / 2, rate, rate)) for name, rate in RATES.items()])


@pytest.mark.parametrize("name", RATES)
def test_deepmse_is_compared_with_the_fastest_lpips_that_does_the_same(speeds, name):
    (rate,) = [rate for rate in speeds.rates if rate.name == name]
    assert speeds.ratios(rate) == [Ratio(ratio, ratio, ratio) for ratio in RATIOS.get(name, [])]


def test_the_share_of_decoding_is_that_of_files_to_csv_with_shared_references(speeds):
    assert speeds.decode_share == 0.5


def test_json_names_what_each_ratio_is_to(speeds):
    report = json.loads(json.dumps(speeds.to_dict()))
    assert report["decode_share"] == 0.5
    by_name = {rate["name"]: rate for rate in report["rates"]}
    assert list(by_name) == list(RATES)
    small, native = speeds.baselines
    assert by_name[END_TO_END] == {
        "name": END_TO_END,
        "unit": "pairs",
        "per_second": 200,
        "ratios": {small: _same(4), native: _same(8)},
    }
    assert by_name[f"DeepMSE, {MODEL}"]["ratios"] == {small: _same(2)}
    assert by_name[DECODE]["ratios"] == {}


def test_ratios_are_of_rounds_and_not_of_medians():
    fast, slow = Rate("a", "pairs", (10, 40, 90)), Rate("b", "pairs", (10, 10, 30))
    assert Ratio.of(fast, slow) == Ratio(3, 1, 4)


def _same(ratio: float) -> dict[str, float]:
    return {"median": ratio, "low": ratio, "high": ratio}


def test_other_projects_are_timed_on_the_same_metric(run, tmp_path, monkeypatch):
    Image.fromarray(photo_like(0, 48, 48)).save(tmp_path / "a.png")
    monkeypatch.setattr(bench_others, "METRICS", ("psnr",))
    monkeypatch.setattr(bench_others, "PAIRS", 2)
    result = run("bench", "speed", "--against", "piq, torchmetrics", "--photos", tmp_path, "--rounds", "1", "--json")
    assert result.status == 0, result.err
    assert [(each["metric"], each["project"]) for each in result.json] == [("psnr", "piq"), ("psnr", "torchmetrics")]
    for each in result.json:
        assert each["ratio"]["median"] == pytest.approx(each["ours"] / each["theirs"])


@pytest.mark.parametrize("metric", ["psnr", "haarpsi", "mdsi"])
def test_what_other_projects_compute_is_the_same_metric(metric, made_pairs):
    compare = bench_others.PROJECTS["piq"](torch.device("cpu"))[metric]
    theirs = bench_others._one_by_one(made_pairs, compare, torch.device("cpu"))
    ours = [score.measurements[metric].value for score in Scorer([metric], device="cpu").run(made_pairs)]
    assert theirs == pytest.approx(ours, rel=1e-3)


@pytest.mark.parametrize(("names", "said"), [("word", "no project word"), ("", "no project")])
def test_a_project_that_is_not_known_is_said(run, names, said):
    result = run("bench", "speed", "--against", names)
    assert (result.status, said in result.err) == (2, True)
