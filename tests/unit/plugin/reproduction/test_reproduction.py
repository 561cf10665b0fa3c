"""Published numbers beside measured ones: what counts as found again, and nothing published passes as measured."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin import reproduction
from deepmse.plugin.errors import UsageError
from deepmse.plugin.metrics.full_reference.deepmse import PRESETS
from deepmse.plugin.reproduction import Context, Entry, Outcome, complexity, scores
from deepmse.plugin.reproduction.context import find_datasets
from deepmse.plugin.reproduction.deepmse import agreement as deepmse_agreement
from PIL import Image
from scipy import stats

from ....conftest import photo_like

METRICS = ("psnr", "deepmse")


@pytest.fixture
def tid2013(tmp_path: Path) -> Path:
    """Three references, two types and three levels in TID2013's layout, MOS falling with the level."""
    root = tmp_path / "TID2013"
    for folder in ("reference_images", "distorted_images"):
        (root / folder).mkdir(parents=True)
    lines = []
    for number in range(1, 4):
        clean = photo_like(number).astype(float)
        Image.fromarray(clean.astype(np.uint8)).save(root / f"reference_images/I{number:02}.BMP")
        for kind in (1, 6):
            for level in (1, 2, 3):
                noise = np.random.default_rng([number, kind, level]).normal(0, 6 * level * kind**0.5, clean.shape)
                name = f"i{number:02}_{kind:02}_{level}.bmp"
                Image.fromarray(np.clip(clean + noise, 0, 255).astype(np.uint8)).save(
                    root / "distorted_images" / name
                )
                lines.append(f"{7 - level - kind / 6 + number / 10:.5f} {name}")
    (root / "mos_with_names.txt").write_text("\n".join(lines))
    return root


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Table 1 of two metrics, so that it is quick."""
    published = {name: deepmse_agreement.PUBLISHED[name] for name in METRICS}
    monkeypatch.setattr(deepmse_agreement, "PUBLISHED", published | {"swlgv": (0.8, 0.6, 0.8, 0.6)})


class TestEntry:
    @pytest.mark.parametrize(
        ("published", "measured", "tolerance", "verdict"),
        [
            (0.9, 0.905, 0.01, "pass"),
            (0.9, 0.889, 0.01, "fail"),
            (0.9, -0.9, 0.01, "fail"),
            (0.9, None, 0.01, "not measured"),
            (None, 0.9, 0.01, "not compared"),
            (0.9, 0.9, None, "not compared"),
        ],
    )
    def test_verdict(self, published, measured, tolerance, verdict):
        assert Entry("row", "column", published, measured, tolerance).verdict == verdict

    def test_text_formats_hold_every_number_and_why_one_is_missing(self):
        entries = (
            Entry("A", "SRCC", 0.9, 0.91234, 0.02, n=1234, interval=(0.8, 0.95)),
            Entry("B", "SRCC", 0.5, reason="no such | thing"),
        )
        outcome = Outcome("x", "Title", entries, {}, lacking=("that",), notes=("this",))
        table = outcome.to_markdown()
        assert "| A | SRCC | 1,234 | 0.900 | 0.912 | +0.012 | 0.800 to 0.950 | ±0.02 | pass |  |" in table
        assert "| B | SRCC | – | 0.500 | – | – | – | – | not measured | no such / thing |" in table
        assert "- that" in table
        assert "- this" in table
        first, second = csv.DictReader(outcome.to_csv().splitlines())
        assert (first["measured"], first["low"], first["verdict"]) == ("0.91234", "0.8", "pass")
        assert (second["measured"], second["reason"]) == ("", "no such | thing")


class TestFindDatasets:
    def test_by_folder_names_and_by_name(self, tmp_path):
        for name in ("TID-2013", "kadid_10k", "elsewhere", "unrelated"):
            (tmp_path / name).mkdir()
        found = find_datasets([str(tmp_path), f"csiq={tmp_path / 'elsewhere'}"], ("tid2013", "kadid10k", "csiq"))
        assert {name: path.name for name, path in found.items()} == {
            "tid2013": "TID-2013",
            "kadid10k": "kadid_10k",
            "csiq": "elsewhere",
        }

    def test_a_dataset_of_its_own_name_is_found_itself(self, tmp_path, monkeypatch):
        root = tmp_path / "TID-2013"
        root.mkdir()
        assert find_datasets([str(root)], ("tid2013", "csiq")) == {"tid2013": root}
        monkeypatch.chdir(root)
        assert list(find_datasets(["."], ("tid2013", "csiq"))) == ["tid2013"]

    def test_wrong_places_are_refused(self, tmp_path):
        with pytest.raises(UsageError, match="no such folder"):
            find_datasets([str(tmp_path / "nowhere")], ("csiq",))
        with pytest.raises(UsageError, match="nonsense"):
            find_datasets([f"nonsense={tmp_path}"], ("csiq",))


@pytest.mark.usefixtures("small")
class TestTable1:
    def test_measures_what_is_at_hand_and_nothing_else(self, tid2013, tmp_path):
        outcome = reproduction.reproduce("deepmse-1", Context(tmp_path / "out", {"tid2013": tid2013}, device="cpu"))
        here = [entry for entry in outcome.entries if "TID2013" in entry.column]
        elsewhere = [entry for entry in outcome.entries if "KADID" in entry.column]
        assert [entry.row for entry in here[::2]] == [
            "PSNR",
            *(f"DeepMSE ({preset})" for preset in PRESETS),
            "SWLGV",
        ]
        assert {entry.measured for entry in elsewhere} == {None}
        assert any("KADID-10k" in text for text in outcome.lacking)
        absent = next(entry for entry in here if entry.row == "SWLGV")
        assert (absent.measured, absent.reason) == (None, deepmse_agreement.NOT_HERE)

    def test_numbers_are_scipys(self, tid2013, tmp_path):
        out = tmp_path / "out"
        outcome = reproduction.reproduce("deepmse-1", Context(out, {"tid2013": tid2013}, device="cpu"))
        with (out / "tid2013.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        psnr, mos = ([float(row[column]) for row in rows] for column in ("psnr", "target"))
        srcc, krcc = [entry for entry in outcome.entries if entry.row == "PSNR" and "TID2013" in entry.column]
        assert (srcc.n, srcc.published, srcc.tolerance) == (18, 0.687, 0.01)
        assert srcc.measured == pytest.approx(stats.spearmanr(psnr, mos).statistic)
        assert krcc.measured == pytest.approx(stats.kendalltau(psnr, mos).statistic)

    def test_an_interrupted_run_goes_on(self, tid2013, tmp_path, monkeypatch):
        context = Context(tmp_path / "out", {"tid2013": tid2013}, device="cpu")
        first = reproduction.reproduce("deepmse-1", context)
        path = context.out / "tid2013.csv"
        whole = path.read_text()
        path.write_text("".join(whole.splitlines(keepends=True)[:8]))
        done = []
        run = scores.Scorer.run

        def counted(self, items):
            for score in run(self, items):
                done.append(score.item.key)
                yield score

        monkeypatch.setattr(scores.Scorer, "run", counted)
        second = reproduction.reproduce("deepmse-1", context)
        assert done == list(range(7, 18))
        assert path.read_text() == whole
        assert second.entries == first.entries

    def test_command_writes_tables_and_tells_by_its_status(self, run, tid2013, tmp_path):
        out = tmp_path / "out"
        result = run("reproduce", "deepmse-1", "--data", f"tid2013={tid2013}", "-o", out, "--device", "cpu", "--json")
        verdicts = {entry["verdict"] for entry in result.json["entries"]}
        assert "fail" in verdicts  # 18 made images are not TID2013
        assert result.status == 4
        assert json.loads((out / "deepmse-1.json").read_text()) == result.json
        assert "not measured" in (out / "deepmse-1.md").read_text()


def test_deepmse_takes_the_multiply_adds_that_the_paper_prints(tmp_path, monkeypatch):
    monkeypatch.setattr(complexity, "metric_names", lambda kind: METRICS)
    outcome = reproduction.reproduce("deepmse-flops", Context(tmp_path, device="cpu"))
    entry = next(entry for entry in outcome.entries if entry.row == "DeepMSE")
    assert entry.measured == 0.693794176
    assert entry.verdict == "pass"


def test_live_subset_is_not_compared_with_the_whole(test_data, tmp_path):
    roots = {"live_subset": test_data / "data" / "live_subset"}
    outcome = reproduction.reproduce("deepmse-live", Context(tmp_path, roots, device="cpu"))
    measured = [entry for entry in outcome.entries if entry.measured is not None]
    assert {entry.verdict for entry in measured} == {"not compared"}
    assert {entry.published for entry in measured} == {None}
    overall = next(entry for entry in measured if entry.row == "all" and entry.column.startswith("SRCC"))
    assert overall.n == 79
    assert overall.measured == pytest.approx(0.9387, abs=5e-4)


def test_every_reproduction_is_listed(run):
    listed = run("reproduce", "list").out
    assert all(each.name in listed for each in reproduction.REPRODUCTIONS)
    assert run("reproduce", "nonsense").status == 2
