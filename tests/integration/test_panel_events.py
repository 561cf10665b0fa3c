"""The panel's events, as the App sends them, on a real database."""

import json
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pydash
import pytest
from fiftyone import ViewField as F
from fiftyone.operators.executor import ExecutionContext, Executor
from scipy import stats

pytestmark = pytest.mark.integration

PANEL = "@deepmse/image-quality/quality_vs_mos"
GROUPS = ["blur"] * 5 + ["jpeg"] * 5 + [None] * 2
SCORES = [1.0, 2.0, 3.5, 4.0, 9.0, 5.0, 4.5, 2.5, 2.25, 0.5, 7.0, None]
TARGETS = [0.1, 0.2, 0.4, 0.3, 0.9, 0.3, 0.45, 0.2, 0.25, 0.1, 0.8, 0.5]


class App:
    """What the App does for a panel: keeps its state, its data and the view, and obeys its messages."""

    def __init__(self, dataset: fo.Dataset) -> None:
        self.dataset = dataset
        self.panel = foo.get_operator(PANEL)
        self.stages: list[dict[str, Any]] = []
        self.filters: dict[str, Any] | None = None
        self.state: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.output: dict[str, Any] = {}
        self.messages: list[tuple[str, dict[str, Any]]] = []

    @property
    def view(self) -> fo.DatasetView:
        return fo.DatasetView._build(self.dataset, self.stages)

    def send(self, event: str, **params: Any) -> None:
        request = {
            "dataset_name": self.dataset.name,
            "view": self.stages,
            "filters": self.filters,
            "params": {"panel_id": "p", "panel_state": self.state, "__method__": event, **params},
        }
        executor = Executor()
        self.panel.execute(ExecutionContext(json.loads(json.dumps(request)), executor=executor, operator_uri=PANEL))
        self.messages = []
        for message in executor.to_json()["requests"]:
            self._obey(message["operator_uri"], json.loads(json.dumps(message["params"])))

    def _obey(self, name: str, params: dict[str, Any]) -> None:
        if name == "patch_panel_state":
            for path, value in params["state"].items():
                pydash.set_(self.state, path, value)
        elif name == "patch_panel_data":
            for path, value in params["data"].items():
                pydash.set_(self.data, path, value)
        elif name == "show_panel_output":
            self.output = params["output"]
        elif name == "set_view":
            self.stages = params["view"]
        else:
            self.messages.append((name, params))

    def choose(self, **controls: str) -> None:
        """Change selectors as a user does."""
        for name, value in controls.items():
            self.state["controls"][name] = value
            self.send("on_change_target" if name == "target" else "on_change_control", value=value)

    def change_view(self, view: fo.DatasetView) -> None:
        self.stages = view._serialize()
        self.send("on_change_view")

    @property
    def rows(self) -> dict[str, list[float | None]]:
        """SRCC, KRCC and PLCC by group, as drawn."""
        trace = self.data["heatmap"][0]
        return dict(zip(trace["y"], trace["z"], strict=True))

    @property
    def properties(self) -> dict[str, Any]:
        return self.output["type"]["properties"]


@pytest.fixture
def dataset():
    dataset = fo.Dataset()
    samples = [fo.Sample(filepath=f"/nowhere/{number}.png", distortion=group) for number, group in enumerate(GROUPS)]
    dataset.add_samples(samples, progress=False)
    dataset.add_sample_field("deepmse", fo.FloatField)
    dataset.set_values("deepmse", SCORES)
    dataset.set_values("dmos", TARGETS)
    dataset.set_values("level", [number % 3 for number in range(len(GROUPS))])
    dataset.info["image_quality"] = {"target": "dmos", "lower_is_better": True, "kind": "DMOS", "range": [0, 1]}
    dataset.save()
    yield dataset
    dataset.delete()


@pytest.fixture
def app(dataset) -> App:
    app = App(dataset)
    app.send("on_load")
    return app


class TestStatistics:
    def test_are_those_of_scipy_by_group(self, app):
        assert list(app.rows) == ["all", "blur", "jpeg", "(none)"]
        for group, part in (("all", slice(0, 11)), ("blur", slice(0, 5)), ("jpeg", slice(5, 10))):
            scores, targets = np.array(SCORES[part], float), np.array(TARGETS[part])
            srcc, krcc, _ = app.rows[group]
            assert srcc == pytest.approx(stats.spearmanr(scores, targets).statistic)
            assert krcc == pytest.approx(stats.kendalltau(scores, targets).statistic)
        assert app.rows["(none)"] == [None, None, None]

    def test_every_number_is_written(self, app):
        texts = app.data["heatmap"][1]
        cells = dict(zip(zip(texts["y"], texts["x"], strict=True), texts["text"], strict=True))
        assert [cells[group, "n"] for group in app.rows] == ["11", "5", "5", "1"]
        assert {cells["(none)", name] for name in ("SRCC", "KRCC", "PLCC", "RMSE")} == {"–"}
        assert float(cells["all", "RMSE"]) > 0

    def test_follow_the_selectors(self, app):
        whole = app.rows["all"]
        app.choose(direction="higher")
        np.testing.assert_allclose(app.rows["all"], -np.array(whole))
        app.choose(breakdown="level")
        assert list(app.rows) == ["all", "0", "1", "2"]
        app.choose(breakdown="(no breakdown)")
        assert list(app.rows) == ["all"]
        app.choose(target="level")
        assert app.state["controls"]["direction"] == "higher", "the declared direction is that of dmos alone"
        app.choose(target="dmos")
        assert app.state["controls"]["direction"] == "lower"
        assert app.rows["all"] == pytest.approx(whole)

    def test_a_field_of_many_values_is_no_breakdown(self, app, dataset):
        extra = [fo.Sample(filepath=f"/nowhere/{n}.png", distortion=f"type {n}") for n in range(100, 160)]
        dataset.add_samples(extra, progress=False)
        app.send("on_refresh")
        assert list(app.rows) == ["all"]
        assert "distortion has 63 values" in app.properties["summary"]["default"]

    def test_points_carry_their_samples(self, app, dataset):
        *points, curve = app.data["scatter"]
        assert [trace["name"] for trace in points] == ["blur", "jpeg", "(none)"]
        drawn = {name: xy for t in points for name, *xy in zip(t["ids"], t["x"], t["y"], strict=True)}
        expected = zip(*dataset.limit(11).values(["id", "deepmse", "dmos"]), strict=True)
        assert drawn == {name: xy for name, *xy in expected}
        assert (curve["mode"], curve["x"][0], curve["x"][-1]) == ("lines", 0.5, 9.0)


class TestDrillDown:
    def test_a_row_shows_its_images_and_leaves_the_statistics(self, app):
        before = app.data["heatmap"]
        app.send("on_click_cell", y="jpeg", x="SRCC")
        assert set(app.view.values("distortion")) == {"jpeg"}
        assert len(app.view) == 5
        app.send("on_change_view")
        assert app.data["heatmap"] == before
        assert "jpeg" in app.properties["summary"]["default"]
        app.send("on_click_cell", y="(none)", x="n")
        assert app.view.values("distortion") == [None, None]

    @pytest.mark.parametrize("back", [("on_reset", {}), ("on_click_cell", {"y": "all", "x": "SRCC"})])
    def test_there_is_a_way_back(self, app, dataset, back):
        app.send("on_click_cell", y="blur", x="SRCC")
        event, params = back
        app.send(event, **params)
        assert app.view.values("id") == dataset.values("id")
        assert app.state["shown"] is None

    def test_whole_numbers_are_found(self, app):
        app.choose(breakdown="level")
        app.send("on_click_cell", y="2", x="SRCC")
        assert app.view.values("level") == [2] * 4

    def test_selected_points_show_their_images(self, app, dataset):
        ids = dataset.values("id")[3:5]
        app.send("on_select_points", data=[{"id": ids[0]}, {"id": ids[1]}, {"id": None}])
        assert app.view.values("id") == ids
        app.send("on_select_points", data=[])
        assert app.view.values("id") == ids

    def test_a_point_opens_its_image(self, app, dataset):
        app.send("on_click_point", id=dataset.last().id)
        assert app.messages == [("open_sample", {"id": dataset.last().id, "group_id": None})]
        app.send("on_click_point", id=None)
        assert app.messages == []


class TestView:
    def test_statistics_are_those_of_the_view_at_hand(self, dataset):
        app = App(dataset)
        app.stages = dataset.match(F("distortion") == "blur")._serialize()
        app.send("on_load")
        assert list(app.rows) == ["all", "blur"]
        app.change_view(dataset.match(F("distortion") == "jpeg"))
        assert list(app.rows) == ["all", "jpeg"]

    def test_drill_down_stays_within_the_pinned_view(self, dataset):
        app = App(dataset)
        app.stages = dataset.match(F("dmos") < 0.4)._serialize()
        app.send("on_load")
        app.send("on_click_cell", y="blur", x="SRCC")
        assert app.view.values("dmos") == [0.1, 0.2, 0.3]
        app.send("on_reset")
        assert len(app.view) == 7

    def test_the_sidebar_s_filters_count(self, dataset):
        app = App(dataset)
        app.send("on_load")
        app.filters = {"distortion": {"values": ["blur"], "exclude": False, "isMatching": True}}
        app.send("on_change_view")
        assert list(app.rows) == ["all", "blur"]
        # Setting a view makes the App drop its filters: a change that the panel has caused itself.
        app.send("on_click_cell", y="blur", x="SRCC")
        before = app.data["heatmap"]
        app.filters = None
        app.send("on_change_view")
        assert app.data["heatmap"] == before

    def test_a_reloaded_page_keeps_what_was_pinned(self, app):
        app.send("on_click_cell", y="jpeg", x="SRCC")
        app.data = {}
        app.send("on_load")
        assert list(app.rows) == ["all", "blur", "jpeg", "(none)"]

    def test_another_dataset_starts_over(self, app, dataset):
        app.choose(breakdown="level")
        app.send("on_click_cell", y="2", x="SRCC")
        other = dataset.match(F("distortion") == "blur").clone()
        app.dataset, app.stages = other, []
        app.send("on_change_view")
        app.send("on_change_dataset")
        assert list(app.rows) == ["all", "blur"]
        other.delete()


class TestNothingToCompare:
    def test_no_scores_offers_to_compute_them(self, dataset):
        dataset.delete_sample_field("deepmse")
        app = App(dataset)
        app.send("on_load")
        assert set(app.properties) == {"message", "buttons"}
        assert "No scores" in app.properties["message"]["default"]
        app.send("on_compute")
        ((name, params),) = app.messages
        assert name == "prompt_user_for_operation"
        assert params["operator_uri"] == "@deepmse/image-quality/compute_full_reference"
        assert foo.operator_exists(params["operator_uri"])
        dataset.add_sample_field("deepmse", fo.FloatField)
        dataset.set_values("deepmse", SCORES)
        app.send(params["on_success"].split("#")[1])
        assert list(app.rows) == ["all", "blur", "jpeg", "(none)"]

    def test_no_target_says_what_to_do(self, dataset):
        dataset.delete_sample_fields(["dmos", "level"])
        app = App(dataset)
        app.send("on_load")
        assert "No target" in app.properties["message"]["default"]

    def test_an_empty_view_is_no_error(self, app, dataset):
        app.change_view(dataset.match(F("dmos") > 99))
        assert app.rows == {"all": [None, None, None]}

    def test_a_field_that_went_is_not_insisted_on(self, app, dataset):
        app.choose(breakdown="level")
        dataset.delete_sample_field("level")
        app.send("on_refresh")
        assert app.state["controls"]["breakdown"] == "distortion"
