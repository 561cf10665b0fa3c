"""The panel's figures, as Plotly's own schema and the numbers given to them say."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from deepmse.plugin.evaluation import Row, fit_curve
from deepmse.plugin.panel import figures

ROW = Row("deepmse", "all", 1234, 2, 0.9387, 0.7982, 0.9438, 9.0456, 0.8, 36.4, "logistic5", None)
ROWS = [ROW, replace(ROW, group="7", n=3, n_missing=0, srcc=-0.5), replace(ROW, group="x" * 40)]
NOTHING = replace(ROW, group="wn", n=2, srcc=None, krcc=None, plcc=None, rmse=None, fit=None, reason="only 2 pairs")


def cells(traces: figures.Figure) -> dict[tuple[str, str], str]:
    """What each cell says, by row and column, as Plotly draws it."""
    table, texts = traces
    said = {
        (group, column): f"{value:.3f}"
        for group, values in zip(table["y"], table["z"], strict=True)
        for column, value in zip(table["x"], values, strict=True)
        if value is not None
    }
    written = zip(texts["y"], texts["x"], texts["text"], strict=True)
    for group, column, text in written:
        assert (group, column) not in said, "no cell is written twice"
        said[group, column] = text
    return said


class TestHeatmap:
    def test_has_a_number_in_every_cell(self):
        said = cells(figures.heatmap([*ROWS, NOTHING]))
        columns = ("SRCC", "KRCC", "PLCC", "RMSE", "n")
        assert set(said) == {(row.group, column) for row in [*ROWS, NOTHING] for column in columns}
        assert [said["all", column] for column in columns] == ["0.939", "0.798", "0.944", "9.046", "1,234"]
        assert [said["wn", column] for column in columns] == ["–", "–", "–", "–", "2"]
        assert said["7", "SRCC"] == "-0.500"

    def test_colours_correlations_alone_and_on_one_scale(self):
        table, texts = figures.heatmap(ROWS)
        assert table["x"] == ["SRCC", "KRCC", "PLCC"]
        assert (table["zmin"], table["zmax"]) == (-1, 1)
        stops = [stop for stop, _ in table["colorscale"]]
        assert (stops[0], stops[-1]) == (0, 1)
        assert stops == sorted(stops)
        assert texts["mode"] == "text"

    def test_says_why_a_statistic_is_missing(self):
        _, texts = figures.heatmap([NOTHING])
        remarks = dict(zip(texts["x"], texts["customdata"], strict=True))
        assert remarks["SRCC"] == "no SRCC: only 2 pairs"
        assert remarks["n"] == "2 used, 2 without score or target"

    def test_keeps_the_whole_on_top_and_the_order_of_rows(self):
        layout = figures.heatmap_layout([row.group for row in ROWS])
        top, bottom = sorted(layout["yaxis"]["range"])
        assert layout["yaxis"]["range"] == [bottom, top], "the first row is on top"
        assert layout["yaxis"]["tickvals"] == [row.group for row in ROWS]
        assert layout["yaxis"]["ticktext"][:2] == ["<b>all</b>", "7"]
        assert len(layout["yaxis"]["ticktext"][2]) < 40
        assert layout["yaxis"]["type"] == "category", "else groups that are numbers become an axis"

    def test_grows_with_its_rows(self):
        heights = [figures.heatmap_height(n) for n in (1, 2, 26)]
        assert heights == sorted(set(heights))


class TestScatter:
    rng = np.random.default_rng(3)
    scores = rng.uniform(0, 10, 40)
    targets = 1 / (1 + np.exp(5 - scores)) + rng.normal(0, 0.01, 40)
    ids = tuple(f"id{number}" for number in range(40))
    groups = ("b", "a") * 20

    def draw(self, **changes) -> figures.Figure:
        arguments = {"order": ["a", "b"], "fit": fit_curve(self.scores, self.targets), "limit": 100, **changes}
        return figures.scatter(self.ids, self.scores, self.targets, self.groups, **arguments)

    def test_has_every_point_under_its_group(self):
        a, b, _ = self.draw()
        assert (a["name"], b["name"]) == ("a", "b")
        assert a["ids"] == list(self.ids[1::2])
        assert b["x"] == pytest.approx(self.scores[::2])
        assert b["y"] == pytest.approx(self.targets[::2])

    def test_draws_the_fitted_curve_over_all_scores(self):
        *_, curve = self.draw()
        assert (curve["x"][0], curve["x"][-1]) == (self.scores.min(), self.scores.max())
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
        traces = figures.scatter(self.ids, self.scores, self.targets, order, order=order, fit=None, limit=100)
        looks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in traces}
        assert len(looks) == 40


@pytest.mark.parametrize(("n", "limit", "expected"), [(3, 5, 3), (5, 5, 5), (1000, 7, 7)])
def test_subsample_keeps_order_and_repeats_nothing(n, limit, expected):
    chosen = figures.subsample(n, limit)
    assert len(chosen) == expected
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(n))


def test_figures_are_valid_plotly_json():
    table = figures.heatmap([*ROWS, NOTHING])
    points = TestScatter().draw()
    for data, layout in (
        (table, figures.heatmap_layout(["all", "7"])),
        (points, figures.scatter_layout("DeepMSE", "dmos")),
    ):
        go.Figure(json.loads(json.dumps({"data": data, "layout": layout}, allow_nan=False)))
