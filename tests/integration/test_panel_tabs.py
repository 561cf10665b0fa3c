"""The panel's tabs, downloads and saved evaluations, on a real database."""

import csv
import io
import json
from collections.abc import Callable

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from deepmse.plugin.evaluation import analyse_residuals, compare_metrics
from deepmse.plugin.store import compute_full_reference, list_evaluations, load_evaluation
from fiftyone import ViewField as F
from PIL import Image
from scipy import stats
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from .panel_app import OTHERS, SCORES, TARGETS, App, small_dataset

pytestmark = pytest.mark.integration


@pytest.fixture
def dataset():
    with small_dataset(metrics=2) as dataset:
        yield dataset


@pytest.fixture
def app(dataset) -> App:
    app = App(dataset)
    app.send("on_load")
    return app


class TestAgreement:
    def test_several_metrics_share_a_heatmap_of_one_statistic(self, app):
        srcc = [stats.spearmanr(SCORES[:11], TARGETS[:11]).statistic, -stats.spearmanr(OTHERS, TARGETS).statistic]
        assert app.rows["all"] == pytest.approx(srcc)
        app.choose(statistic="krcc")
        krcc = [stats.kendalltau(SCORES[:11], TARGETS[:11]).statistic, -stats.kendalltau(OTHERS, TARGETS).statistic]
        assert app.rows["all"] == pytest.approx(krcc)
        assert app.figure("heatmap")[0]["x"] == ["deepmse", "other"]

    @pytest.mark.parametrize("statistic", ["plcc", "rmse", "mae"])
    def test_what_needs_a_curve_is_that_of_the_table_of_one_metric(self, app, statistic):
        app.choose(statistic=statistic)
        shared = [row[0] for row in app.rows.values()]
        app.choose(metrics=["deepmse"])
        (table,) = [
            row for row in csv.DictReader(io.StringIO(app.export("table.csv").decode())) if row["group"] == "all"
        ]
        assert shared[0] == pytest.approx(float(table[statistic]))

    def test_only_what_has_changed_is_drawn_again(self, app):
        def revisions() -> dict[str, str]:
            return {name: layout["datarevision"] for name, layout in app.state["layouts"].items()}

        before = revisions()
        app.choose(statistic="krcc")
        assert revisions()["scatter"] == before["scatter"]
        assert revisions()["heatmap"] != before["heatmap"]

    def test_one_metric_is_always_left(self, app):
        app.choose(metrics=["other"])
        assert list(app.figure("heatmap")[0]["x"]) == ["srcc", "krcc", "plcc"]
        app.choose(metrics=[])
        assert app.figure("heatmap")[0]["x"] == ["deepmse", "other"]

    def test_a_cell_plots_its_metric_and_sorts_by_its_disagreement(self, app):
        app.send("on_click_cell", x="other", y="jpeg")
        assert app.state["controls"]["plotted"] == "other"
        assert len(app.view) == 5
        drawn = [x for trace in app.figure("scatter")[:-1] for x in trace["x"]]
        assert sorted(drawn) == sorted(OTHERS)
        assert "curve of Other" in app.words


class TestResiduals:
    def test_are_those_of_the_plotted_metric(self, app, dataset):
        app.open_tab("residuals")
        assert app.figures == {"residuals", "histogram", "probability", "regression"}
        analysis = analyse_residuals(np.array(SCORES, float), TARGETS, target_lower_is_better=True)
        *points, _ = app.figure("residuals")
        drawn = {name: y for trace in points for name, y in zip(trace["ids"], trace["y"], strict=True)}
        assert drawn == pytest.approx(dict(zip(dataset.values("id"), analysis.residuals, strict=False)))
        targets = [x for trace in app.figure("regression")[:-1] for x in trace["x"]]
        assert sorted(targets) == sorted(TARGETS[:11])
        app.choose(plotted="other")
        assert sum(len(trace["ids"]) for trace in app.figure("residuals")[:-1]) == 12

    def test_normality_is_told_in_words(self, app, dataset):
        app.open_tab("residuals")
        statistic, p = stats.shapiro(analyse_residuals(np.array(SCORES, float), TARGETS).residuals)
        assert f"Shapiro-Wilk {statistic:.3g} (p = {p:.3f})" in app.words
        assert ("not normal" in app.words) == (p < 0.05)

    def test_points_lead_to_their_images(self, app, dataset):
        app.open_tab("residuals")
        plots = app.properties["figures"]["type"]["properties"]
        for name in ("residuals", "probability", "regression"):
            assert plots[name]["view"]["on_selected"].endswith("#on_select_points")
        ids = dataset.values("id")[:2]
        app.send("on_select_points", data=[{"id": name} for name in ids])
        assert app.view.values("id") == ids

    def test_say_why_there_are_none(self, app, dataset):
        app.change_view(dataset.limit(2))
        app.open_tab("residuals")
        assert app.figures == set()
        assert "No residuals" in app.words


class TestSignificance:
    def test_is_that_of_the_chosen_test(self, app, dataset):
        app.open_tab("significance")
        truth = compare_metrics(
            {"deepmse": np.array(SCORES, float), "other": OTHERS},
            TARGETS,
            lower_is_better={"deepmse": True, "other": False},
            target_lower_is_better=True,
        )
        (pair,) = truth.pairs
        assert "**11 images**" in app.words
        for test in ("steiger", "bootstrap", "williams", "f"):
            app.choose(test=test)
            assert f"p = {pair.p[test]:.3g}" in app.figure("matrix")[0]["customdata"][0][1]
        assert "assumes normal residuals" in app.words

    def test_one_metric_asks_for_more(self, app):
        app.open_tab("significance")
        app.choose(metrics=["other"])
        assert "Choose two or more" in app.words
        assert app.figures == set()


class TestLevels:
    def test_normalised_means_of_all_metrics_and_the_target(self, app):
        app.open_tab("levels")
        traces = app.figure("levels")
        assert {trace["name"] for trace in traces} == {"DeepMSE", "Other", "DMOS"}
        everything = [y for trace in traces if trace["name"] == "Other" for y in trace["y"]]
        assert (min(everything), max(everything)) == (0, 1)

    def test_means_as_they_are_of_one_metric(self, app):
        app.open_tab("levels")
        app.choose(scale="as is", plotted="other", breakdown="(no breakdown)")
        (trace,) = app.figure("levels")
        assert trace["x"] == [0, 1, 2]
        assert trace["y"] == pytest.approx([np.mean(OTHERS[level::3]) for level in range(3)])

    def test_say_that_there_are_none(self, app, dataset):
        dataset.delete_sample_field("level")
        app.open_tab("levels")
        assert "No levels" in app.words
        assert app.figures == set()


class TestExport:
    def test_table_in_every_format(self, app):
        rows = list(csv.DictReader(io.StringIO(app.export("table.csv").decode())))
        assert [(row["metric"], row["group"]) for row in rows[:5:4]] == [("deepmse", "all"), ("other", "all")]
        assert float(rows[0]["srcc"]) == pytest.approx(app.rows["all"][0])
        assert float(rows[0]["srcc_low"]) < float(rows[0]["srcc"]) < float(rows[0]["srcc_high"])
        assert app.export("table.tex").startswith(b"\\begin{tabular}")
        assert b"| deepmse | all | 11 |" in app.export("table.md")

    def test_figures_of_the_tab(self, app):
        assert b"Plotly.newPlot" in app.export("scatter.html")
        with Image.open(io.BytesIO(app.export("heatmap.png"))) as picture:
            assert picture.format == "PNG"
        app.open_tab("significance")
        assert {"matrix.png", "matrix.html", "matrix.tex", "matrix.md", "table.csv"} <= set(
            app.choices("actions", "export")
        )
        assert app.export("matrix.md").startswith(b"|  | deepmse | other |")

    def test_choice_can_be_made_again(self, app):
        app.export("table.md")
        assert app.state["actions"]["export"] is None

    def test_what_is_missing_is_said(self, app, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
        app.send("on_export", value="heatmap.png")
        ((name, params),) = app.messages
        assert (name, params["variant"]) == ("notify", "error")
        assert "Chrome or Chromium" in params["message"]


class TestSaved:
    def save(self, app: App) -> str:
        app.send("on_save")
        return list_evaluations(app.dataset)[0]

    def row_of(self, app: App, key: str) -> int:
        return [row["key"] for row in app.state["runs"]].index(key)

    def test_nothing_saved_says_what_to_do(self, app):
        app.open_tab("runs")
        assert "Nothing saved yet" in app.words

    def test_is_listed_where_each_event_has_a_dataset_object_of_its_own(self, app, monkeypatch):
        """As in the App's server, whose objects do not learn of each other's changes."""
        monkeypatch.setattr(fo.config, "singleton_cache", False)
        app.send("on_save")
        app.open_tab("runs")
        assert [row["key"] for row in app.state["runs"]] == ["evaluation_1"]
        assert "Nothing saved yet" not in app.words

    def test_a_run_holds_view_settings_and_results(self, app, dataset):
        app.change_view(dataset.match(F("distortion") == "blur"))
        app.choose(breakdown="level")
        key = self.save(app)
        saved = load_evaluation(dataset, key)
        assert saved.images == 5
        assert dataset.load_run_view(key).values("distortion") == ["blur"] * 5
        assert saved.settings == app.state["controls"]
        rows = {(row["metric"], row["group"]): row for row in saved.results["rows"]}
        assert rows["deepmse", "all"]["srcc"] == pytest.approx(app.rows["all"][0])
        assert rows["deepmse", "all"]["n"] == 5
        json.dumps(saved.results, allow_nan=False)

    def test_opening_brings_view_and_settings_back(self, app, dataset):
        app.change_view(dataset.match(F("distortion") == "blur"))
        app.choose(breakdown="level", statistic="plcc")
        key, before = self.save(app), app.rows
        app.change_view(dataset.view())
        app.choose(breakdown="distortion", statistic="srcc")
        app.open_tab("runs")
        app.send("on_open_run", row=self.row_of(app, key), event="open")
        assert app.messages[-1][1]["variant"] == "success"
        assert set(app.view.values("distortion")) == {"blur"}
        app.send("on_change_view")
        assert app.rows == before, "as saved"
        app.open_tab("overview")
        assert app.rows == before, "computed again"
        dataset.set_values("deepmse", [score and score**2 - score for score in SCORES])
        app.open_tab("runs")
        app.send("on_open_run", row=self.row_of(app, key), event="open")
        assert "have changed since" in app.messages[-1][1]["message"]
        assert app.rows == before
        app.open_tab("overview")
        assert app.rows != before

    def test_renamed_and_deleted(self, app, dataset):
        first, second = self.save(app), self.save(app)
        assert first != second
        app.open_tab("runs")
        app.send("on_edit_run", row=self.row_of(app, first), event="rename")
        app.state["form"]["name"] = "table_2"
        app.send("on_rename_run")
        assert set(list_evaluations(dataset)) == {"table_2", second}
        assert "form" not in app.properties
        for name in ("table_2", "not a name", ""):
            app.send("on_edit_run", row=self.row_of(app, second), event="rename")
            app.state["form"]["name"] = name
            app.send("on_rename_run")
            assert app.messages[-1][1]["variant"] == "error"
        app.send("on_cancel_edit")
        app.send("on_edit_run", row=self.row_of(app, "table_2"), event="delete")
        assert list_evaluations(dataset) == [second, "table_2"], "asked first"
        app.send("on_delete_run")
        assert list_evaluations(dataset) == [second]

    def test_what_the_operator_saves_can_be_opened(self, app, dataset):
        operator = foo.get_operator("@deepmse/image-quality/evaluate_quality")
        operator(dataset.limit(10), metrics=["other"], resamples=1000, save_as="by_hand")
        app.open_tab("runs")
        app.send("on_open_run", row=self.row_of(app, "by_hand"), event="open")
        assert app.messages[-1][1]["variant"] == "success"
        assert len(app.view) == 10
        assert app.state["controls"]["metrics"] == ["other"]
        assert list(app.rows) == ["all"]
        app.send("on_click_cell", x="srcc", y="all")
        assert len(app.view) == 10

    def test_runs_of_other_kinds_are_left_alone(self, app, dataset):
        dataset.register_run("evaluation_1", dataset.init_run(method="something"))
        assert self.save(app) == "evaluation_2"
        app.open_tab("runs")
        assert [row["key"] for row in app.state["runs"]] == ["evaluation_2"]


def test_numbers_are_those_of_the_command_line(new_dataset, quality, run, tmp_path):
    """DeepMSE, PSNR and SSIM on real pairs, all statistics and their intervals, by the two ways there are."""
    dataset = new_dataset(quality)
    compute_full_reference(dataset, device="cpu")
    for name, measure in (("psnr", _psnr), ("ssim", _ssim)):
        _add_scores(dataset, name, measure)
    app = App(dataset)
    app.send("on_load")
    rows = {
        (row["metric"], row["group"]): row for row in csv.DictReader(io.StringIO(app.export("table.csv").decode()))
    }
    target = quality.target_field
    columns = ["ref_path", "distortion", target, "deepmse", "psnr", "ssim"]
    with (tmp_path / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ref", *columns[1:]])
        writer.writerows(zip(*dataset.values(columns), strict=True))
    direction = ["--lower-is-better"] if quality.target_lower_is_better else []
    arguments = ["--target", target, "--by", "distortion", "--json", *direction]
    for metric in ("deepmse:lower", "psnr:higher", "ssim:higher"):
        arguments += ["-m", metric]
    printed = run("evaluate", tmp_path / "scores.csv", *arguments).json["rows"]
    assert {(row["metric"], row["group"]) for row in printed} == set(rows)
    for row in printed:
        panel = rows[row["metric"], row["group"]]
        for name in ("n", "srcc", "krcc", "plcc", "rmse", "mae"):
            # What cannot be had is null here and empty there.
            found = float(panel[name]) if panel[name] else None
            assert found == (None if row[name] is None else pytest.approx(row[name], rel=1e-9))
        for name, (low, high) in row["intervals"].items():
            assert float(panel[f"{name}_low"]) == pytest.approx(low, rel=1e-9)
            assert float(panel[f"{name}_high"]) == pytest.approx(high, rel=1e-9)


def _add_scores(dataset: fo.Dataset, name: str, measure: Callable[[np.ndarray, np.ndarray], float]) -> None:
    scores = {}
    for sample_id, *paths in zip(*dataset.values(["id", "filepath", "ref_path"]), strict=True):
        distorted, reference = (np.asarray(Image.open(path).convert("L")) for path in paths)
        scores[sample_id] = float(measure(reference, distorted))
    dataset.add_sample_field(name, fo.FloatField)
    dataset.set_values(name, scores, key_field="id")


def _psnr(reference: np.ndarray, distorted: np.ndarray) -> float:
    return peak_signal_noise_ratio(reference, distorted, data_range=255)


def _ssim(reference: np.ndarray, distorted: np.ndarray) -> float:
    return structural_similarity(reference, distorted, data_range=255)
