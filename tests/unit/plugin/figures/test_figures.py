"""The panel's figures, as Plotly's own schema and the numbers given to them say."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from deepmse.plugin import figures
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation import (
    Row,
    analyse_residuals,
    compare_metrics,
    fit_curve,
    level_curves,
    normalise,
)
from deepmse.plugin.figures import export
from deepmse.plugin.figures.common import subsample
from PIL import Image
from scipy import stats

ROW = Row("deepmse", "all", 1234, 2, 0.9387, 0.7982, 0.9438, 9.0456, 0.8, 36.4, "logistic5", None, mae=7.25)
ROWS = [ROW, replace(ROW, group="7", n=3, n_missing=0, srcc=-0.5), replace(ROW, group="x" * 40)]
NOTHING = replace(
    ROW, group="wn", n=2, srcc=None, krcc=None, plcc=None, rmse=None, mae=None, fit=None, reason="only 2 pairs"
)
RNG = np.random.default_rng(3)
SCORES = RNG.uniform(0, 10, 40)
TARGETS = 1 / (1 + np.exp(5 - SCORES)) + RNG.normal(0, 0.01, 40)
IDS = tuple(f"id{number}" for number in range(40))
GROUPS = ("b", "a") * 20
ANALYSIS = analyse_residuals(SCORES, TARGETS)
PLOTTED = {"order": ["a", "b"], "target": "mos", "limit": 100}
CURVES = level_curves([1, 2, 3, 5, 7, 9, None], [1, 1, 2, 1, 2, 2, 2], ["a", "a", "a", "b", "b", "b", "b"])
TITLES = {"deepmse": "DeepMSE", "psnr": "PSNR"}
ROWS_BY_METRIC = {
    "deepmse": ROWS,
    "psnr": [replace(row, metric="psnr", srcc=0.25, rmse=20.0, intervals={"srcc": (0.2, 0.3)}) for row in ROWS],
}
NAMES = {"good": "Good", "bad": "Bad", "twin": "Twin"}
QUALITY = np.random.default_rng(8).normal(size=300)
SIGNIFICANCE = compare_metrics(
    {
        name: QUALITY + np.random.default_rng(seed).normal(0, spread, 300)
        for name, seed, spread in (("good", 1, 0.2), ("bad", 2, 3), ("twin", 3, 0.2))
    },
    QUALITY,
    lower_is_better=dict.fromkeys(NAMES, False),
    resamples=200,
)


def cells(figure: figures.Figure) -> dict[tuple[str, str], str]:
    """What each cell says, by row and column, as Plotly draws it."""
    table, texts = figure.data
    spec = table["texttemplate"].removeprefix("%{z:").removesuffix("}")
    said = {
        (group, column): format(value, spec)
        for group, values in zip(table["y"], table["z"], strict=True)
        for column, value in zip(table["x"], values, strict=True)
        if value is not None
    }
    for group, column, text in zip(texts["y"], texts["x"], texts["text"], strict=True):
        assert (group, column) not in said, "no cell is written twice"
        said[group, column] = text
    return said


def hovers(figure: figures.Figure) -> dict[tuple[str, str], str]:
    """What each cell says when pointed at, a cell that is coloured before one that is not."""
    table, texts = figure.data
    plain = dict(zip(zip(texts["y"], texts["x"], strict=True), texts["customdata"], strict=True))
    coloured = {
        (group, column): hover
        for group, row in zip(table["y"], table["customdata"], strict=True)
        for column, hover in zip(table["x"], row, strict=True)
    }
    return {**plain, **coloured}


def written(figure: figures.Figure) -> dict[tuple[str, str], str]:
    """What the cells of a matrix of metrics say, by row and column."""
    return {
        (row, column): text
        for trace in figure.data[1:]
        for row, column, text in zip(trace["y"], trace["x"], trace["text"], strict=True)
    }


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    levels = np.array(list(bytes.fromhex(colour.removeprefix("#")))) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def painted(table, value: float) -> str:
    """The colour of a value, as Plotly has it: between the stops of the scale, straight in sRGB."""
    stops, colours = zip(*table["colorscale"], strict=True)
    place = (value - table["zmin"]) / (table["zmax"] - table["zmin"])
    channels = np.array([list(bytes.fromhex(colour.removeprefix("#"))) for colour in colours]).T
    return "#" + "".join(f"{round(np.interp(place, stops, channel)):02x}" for channel in channels)


def test_numbers_in_cells_are_legible_whatever_their_colour():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    tables = [
        figures.statistics_table(ROWS).data[0],
        figures.metric_heatmap(ROWS_BY_METRIC, "rmse", TITLES).data[0],
    ]
    for table in tables:
        values = np.linspace(table["zmin"], table["zmax"], 256)
        assert min(contrast(table["textfont"]["color"], painted(table, value)) for value in values) >= 4.5
    matrix, plain, coloured = figures.significance_matrix(SIGNIFICANCE, "bootstrap", NAMES).data
    for end in (0, 1):
        assert contrast(coloured["textfont"]["color"], dict(matrix["colorscale"])[end]) >= 4.5
    # The theme's text on the theme's ground, through a veil that is nearly transparent.
    assert "textfont" not in plain
    [veil] = {colour for _, colour in matrix["colorscale"] if colour.startswith("rgba")}
    *_, alpha = map(float, veil.removeprefix("rgba(").removesuffix(")").split(","))
    for text, ground in (("#333333", 255), ("#ffffff", 38)):
        level = round(140 * alpha + ground * (1 - alpha))
        assert contrast(text, f"#{level:02x}{level:02x}{level:02x}") >= 4.5


class TestStatisticsTable:
    def test_has_a_number_in_every_cell(self):
        said = cells(figures.statistics_table([*ROWS, NOTHING]))
        columns = ("srcc", "krcc", "plcc", "rmse", "mae", "n")
        assert set(said) == {(row.group, column) for row in [*ROWS, NOTHING] for column in columns}
        assert [said["all", name] for name in columns] == ["0.939", "0.798", "0.944", "9.046", "7.25", "1,234"]
        assert [said["wn", name] for name in columns] == ["–", "–", "–", "–", "–", "2"]
        assert said["7", "srcc"] == "-0.500"

    def test_has_outliers_where_they_are_known(self):
        said = cells(figures.statistics_table([replace(ROW, outlier_ratio=0.125), NOTHING]))
        assert (said["all", "outlier_ratio"], said["wn", "outlier_ratio"]) == ("12.5%", "–")

    def test_colours_correlations_alone_and_on_one_scale(self):
        table, texts = figures.statistics_table(ROWS).data
        assert table["x"] == ["srcc", "krcc", "plcc"]
        assert (table["zmin"], table["zmax"]) == (-1, 1)
        stops = [stop for stop, _ in table["colorscale"]]
        assert (stops[0], stops[-1]) == (0, 1)
        assert stops == sorted(stops)
        assert texts["mode"] == "text"

    def test_says_number_interval_and_reason_when_pointed_at(self):
        said = hovers(figures.statistics_table([replace(ROW, intervals={"srcc": (0.91, 0.958)}), NOTHING]))
        assert "SRCC = 0.9387<br>95 % interval 0.91 to 0.958<br>n = 1,234, 2 more without" in said["all", "srcc"]
        assert "interval" not in said["all", "krcc"]
        assert "no SRCC: only 2 pairs" in said["wn", "srcc"]

    def test_keeps_the_whole_on_top_and_the_order_of_rows(self):
        layout = figures.statistics_table(ROWS).layout
        top, bottom = sorted(layout["yaxis"]["range"])
        assert layout["yaxis"]["range"] == [bottom, top], "the first row is on top"
        assert layout["yaxis"]["tickvals"] == [row.group for row in ROWS]
        assert layout["yaxis"]["ticktext"][:2] == ["<b>all</b>", "7"]
        assert len(layout["yaxis"]["ticktext"][2]) < 40
        assert layout["yaxis"]["type"] == "category", "else groups that are numbers become an axis"

    def test_grows_with_its_rows(self):
        heights = [figures.statistics_table(ROWS[:n]).layout["height"] for n in (1, 2, 3)]
        assert heights == sorted(set(heights))


class TestMetricHeatmap:
    def test_has_a_column_for_each_metric_and_a_row_for_each_group(self):
        figure = figures.metric_heatmap(ROWS_BY_METRIC, "srcc", TITLES)
        assert cells(figure) == {
            ("all", "deepmse"): "0.939",
            ("all", "psnr"): "0.250",
            ("7", "deepmse"): "-0.500",
            ("7", "psnr"): "0.250",
            ("x" * 40, "deepmse"): "0.939",
            ("x" * 40, "psnr"): "0.250",
        }
        assert figure.layout["xaxis"]["ticktext"] == ["DeepMSE", "PSNR"]
        assert "<b>7</b>, PSNR<br>SRCC = 0.25<br>95 % interval 0.2 to 0.3" in hovers(figure)["7", "psnr"]

    def test_colours_errors_from_the_least_to_the_largest(self):
        table, _ = figures.metric_heatmap(ROWS_BY_METRIC, "rmse", TITLES).data
        assert (table["zmin"], table["zmax"]) == (ROW.rmse, 20.0)

    def test_says_what_cannot_be_had(self):
        rows = {"deepmse": [ROW, NOTHING], "psnr": [ROW, NOTHING]}
        assert cells(figures.metric_heatmap(rows, "plcc", TITLES))["wn", "deepmse"] == "–"
        nothing = hovers(figures.metric_heatmap(rows, "outlier_ratio", TITLES))["all", "deepmse"]
        assert "no Outliers: the target has no standard deviations" in nothing


class TestScatter:
    def draw(self, **changes) -> list[dict]:
        arguments = {
            "order": ["a", "b"],
            "fit": fit_curve(SCORES, TARGETS),
            "x_title": "DeepMSE",
            "y_title": "dmos",
            "limit": 100,
            **changes,
        }
        return figures.scatter(IDS, SCORES, TARGETS, GROUPS, **arguments).data

    def test_has_every_point_under_its_group(self):
        a, b, _ = self.draw()
        assert (a["name"], b["name"]) == ("a", "b")
        assert a["ids"] == list(IDS[1::2])
        assert b["x"] == pytest.approx(SCORES[::2])
        assert b["y"] == pytest.approx(TARGETS[::2])

    def test_draws_the_fitted_curve_over_all_scores(self):
        *_, curve = self.draw()
        assert (curve["x"][0], curve["x"][-1]) == (SCORES.min(), SCORES.max())
        truth = 1 / (1 + np.exp(5 - np.array(curve["x"])))
        np.testing.assert_allclose(curve["y"], truth, atol=0.03)

    def test_has_no_curve_without_a_fit(self):
        assert [trace["mode"] for trace in self.draw(fit=None)] == ["markers", "markers"]

    def test_draws_no_more_than_the_limit(self):
        drawn = [name for trace in self.draw(limit=10, fit=None) for name in trace["ids"]]
        assert len(set(drawn)) == 10
        again = [name for trace in self.draw(limit=10, fit=None) for name in trace["ids"]]
        assert drawn == again

    def test_tells_forty_groups_apart(self):
        order = [f"type {number}" for number in range(40)]
        more = {"order": order, "fit": None, "x_title": "", "y_title": "", "limit": 100}
        traces = figures.scatter(IDS, SCORES, TARGETS, order, **more).data
        looks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in traces}
        assert len(looks) == 40


class TestResiduals:
    def test_are_drawn_against_the_predictions(self):
        a, b, zero = figures.residuals_by_prediction(ANALYSIS, IDS, GROUPS, **PLOTTED).data
        drawn = dict(zip(a["ids"] + b["ids"], zip(a["x"] + b["x"], a["y"] + b["y"], strict=True), strict=True))
        for name, score, target in zip(IDS, SCORES, TARGETS, strict=True):
            predicted, residual = drawn[name]
            assert predicted == pytest.approx(ANALYSIS.fit.predict(score))
            assert predicted + residual == pytest.approx(target)
        assert zero["y"] == [0, 0]

    def test_histogram_counts_them_all_under_a_gaussian_of_the_same_area(self):
        bars, gaussian = figures.residual_histogram(ANALYSIS).data
        assert sum(bars["y"]) == 40
        residuals = ANALYSIS.residuals
        np.testing.assert_allclose(
            gaussian["y"],
            40 * bars["width"] * stats.norm(residuals.mean(), residuals.std(ddof=1)).pdf(gaussian["x"]),
        )

    def test_probability_plot_has_the_points_of_scipy_each_with_its_image(self):
        figure_points, line = figures.probability_plot(ANALYSIS, IDS, limit=100).data
        positions, ordered = stats.probplot(ANALYSIS.residuals, fit=False)
        np.testing.assert_allclose([figure_points["x"], figure_points["y"]], [positions, ordered])
        by_id = dict(zip(IDS, ANALYSIS.residuals, strict=True))
        np.testing.assert_allclose([by_id[name] for name in figure_points["ids"]], ordered)
        slope = (line["y"][1] - line["y"][0]) / (line["x"][1] - line["x"][0])
        assert slope == pytest.approx(np.std(ANALYSIS.residuals, ddof=1))

    def test_regression_line_and_r2_are_those_of_scipy(self):
        figure = figures.regression(ANALYSIS, IDS, GROUPS, TARGETS, **PLOTTED)
        truth = stats.linregress(TARGETS, ANALYSIS.predicted)
        *_, line = figure.data
        np.testing.assert_allclose(line["y"], truth.intercept + truth.slope * np.array(line["x"]))
        assert f"R² = {truth.rvalue**2:.3f}" in figure.layout["annotations"][0]["text"]


class TestSignificanceMatrix:
    @pytest.mark.parametrize("test", ["bootstrap", "steiger", "williams", "f"])
    def test_says_which_is_better(self, test):
        figure = figures.significance_matrix(SIGNIFICANCE, test, NAMES)
        table = figure.data[0]
        assert table["z"] == [[None, 1, 0], [-1, None, -1], [0, 1, None]]
        said = {cell: text[:1] for cell, text in written(figure).items()}
        assert ["".join(said[row, column] or "." for column in NAMES) for row in NAMES] == [".▲=", "▼.▼", "=▲."]
        assert "<b>Bad</b> is worse than <b>Good</b>" in table["customdata"][1][0]

    def test_turns_difference_and_interval_with_the_pair(self):
        table = figures.significance_matrix(SIGNIFICANCE, "bootstrap", NAMES).data[0]
        (pair,) = [pair for pair in SIGNIFICANCE.pairs if {pair.first, pair.second} == {"good", "bad"}]
        low, high = pair.interval
        assert f"{pair.srcc_difference:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}" in table["customdata"][0][1]
        assert f"{-pair.srcc_difference:+.4f}, 95 % interval {-high:+.4f} to {-low:+.4f}" in table["customdata"][1][0]

    def test_says_why_a_test_cannot_be_had(self):
        figure = figures.significance_matrix(SIGNIFICANCE, "t", NAMES)
        assert written(figure)["good", "bad"] == "–"
        assert "no test: without clusters" in figure.data[0]["customdata"][0][1]

    def test_writes_small_probabilities_short(self):
        figure = figures.significance_matrix(SIGNIFICANCE, "bootstrap", NAMES)
        assert written(figure)["good", "bad"] == "▲<br>p < .001"


class TestLevels:
    def test_means_are_drawn_in_the_plot_of_their_group(self):
        curves = {"M": CURVES}
        first, second = figures.level_figure(curves, y_title="mean").data
        assert (first["x"], first["y"], first["customdata"]) == ([1, 2], [1.5, 3], [2, 1])
        assert (second["x"], second["y"], second["customdata"]) == ([1, 2], [5, 8], [1, 2])
        assert (first["xaxis"], second["xaxis"]) == ("x", "x2")

    def test_normalised_means_rise_with_quality(self):
        curves = CURVES
        worst_last = [mean for curve in normalise(curves, lower_is_better=True) for mean in curve.means]
        np.testing.assert_allclose(worst_last, [1, 1 - 1.5 / 6.5, 1 - 3.5 / 6.5, 0])
        best_last = [mean for curve in normalise(curves, lower_is_better=False) for mean in curve.means]
        np.testing.assert_allclose(best_last, 1 - np.array(worst_last))

    def test_what_has_no_place_is_left_out(self):
        (curve,) = level_curves([1, 2, np.inf, 4], [1, None, 1, 2], ["a", "a", "a", None])
        assert (curve.group, curve.levels, curve.counts) == ("a", (1,), (1,))

    def test_each_metric_is_once_in_the_legend_and_the_target_stands_apart(self):
        curves = CURVES
        figure = figures.level_figure({"M": curves, "mos": curves}, y_title="mean", reference="mos")
        assert [trace["name"] for trace in figure.data if trace["showlegend"]] == ["M", "mos"]
        assert {trace["name"]: trace["line"].get("dash") for trace in figure.data} == {"M": None, "mos": "dash"}


@pytest.mark.parametrize(("n", "limit", "expected"), [(3, 5, 3), (5, 5, 5), (1000, 7, 7)])
def test_subsample_keeps_order_and_repeats_nothing(n, limit, expected):
    chosen = subsample(n, limit)
    assert len(chosen) == expected
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(n))


def everything() -> dict[str, figures.Figure]:
    titles = {"x_title": "DeepMSE", "y_title": "dmos"}
    curves = {"M": CURVES}
    fit = fit_curve(SCORES, TARGETS)
    return {
        "table": figures.statistics_table([*ROWS, NOTHING]),
        "heatmap": figures.metric_heatmap(ROWS_BY_METRIC, "srcc", TITLES),
        "scatter": figures.scatter(IDS, SCORES, TARGETS, GROUPS, order=["a", "b"], fit=fit, limit=9, **titles),
        "residuals": figures.residuals_by_prediction(ANALYSIS, IDS, GROUPS, **PLOTTED),
        "histogram": figures.residual_histogram(ANALYSIS),
        "probability": figures.probability_plot(ANALYSIS, IDS, limit=9),
        "regression": figures.regression(ANALYSIS, IDS, GROUPS, TARGETS, **PLOTTED),
        "matrix": figures.significance_matrix(SIGNIFICANCE, "f", NAMES),
        "levels": figures.level_figure(curves, y_title="mean", reference="M"),
    }


@pytest.mark.parametrize("name", everything())
def test_figures_are_valid_plotly_json(name):
    data, layout = everything()[name]
    go.Figure(json.loads(json.dumps({"data": data, "layout": layout}, allow_nan=False)))
    assert layout["height"] > 0


class TestExport:
    figure = figures.statistics_table(ROWS)

    def test_page_needs_nothing_else(self, tmp_path):
        export.save(*self.figure, tmp_path / "table.html")
        page = (tmp_path / "table.html").read_text()
        assert "0.9387" in page
        assert "Plotly.newPlot" in page
        assert "<script src=" not in page, "Plotly is in the page"

    def test_files_say_what_they_show(self, tmp_path):
        heading = export.Heading("Agreement", "live.csv, n = 79, SRCC, " + "with 95 % intervals " * 8)
        for suffix in ("png", "svg", "pdf"):
            export.save(*self.figure, tmp_path / f"table.{suffix}", heading)
        with Image.open(tmp_path / "table.png") as picture:
            assert picture.width == export.WIDTH * export.SCALE
            assert picture.height > self.figure.layout["height"] * export.SCALE
            colours = picture.convert("RGB").getcolors(picture.width * picture.height)
        assert max(colours)[1] == (255, 255, 255), "printed on white"
        assert len(colours) > 10
        drawn = (tmp_path / "table.svg").read_text()
        for said in ("Agreement", "live.csv, n = 79, SRCC", "0.939"):
            assert said in drawn
        assert (tmp_path / "table.pdf").read_bytes().startswith(b"%PDF-")

    def test_picture_without_a_browser_is_a_clear_error(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
        with pytest.raises(UsageError, match=r"Chrome or Chromium.*\.html"):
            export.written(*self.figure, "pdf")

    @pytest.mark.parametrize("name", ["table.jpg", "table", "nowhere/table.html"])
    def test_what_cannot_be_written_is_named(self, tmp_path, name):
        with pytest.raises(UsageError, match=name):
            export.save(*self.figure, tmp_path / name)
