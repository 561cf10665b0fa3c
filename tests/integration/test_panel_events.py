"""The panel's events, as the App sends them, on a real database."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from deepmse.plugin.evaluation import fit_curve
from fiftyone import ViewField as F
from scipy import stats

from .panel_app import SCORES, TARGETS, App, small_dataset

pytestmark = pytest.mark.integration


@pytest.fixture
def dataset():
    with small_dataset() as dataset:
        yield dataset


@pytest.fixture
def app(dataset) -> App:
    app = App(dataset)
    app.send("on_load")
    return app


def test_a_state_that_the_app_has_dropped_is_there_again(app):
    before, app.state = app.state, {}
    app.send("on_change_tab", value=before["tab"])
    assert app.state == before


class TestSetOffPoints:
    def marked(self, app: App) -> list[str]:
        """Ids of the points that stand out; all others are faint."""
        found = []
        for trace in app.figure("scatter"):
            if "selectedpoints" in trace:
                assert trace["unselected"]["marker"]["opacity"] < 0.2
                found += [trace["ids"][place] for place in trace["selectedpoints"]]
        return sorted(found)

    def test_points_drawn_round_stay_set_off_until_the_grid_is_reset(self, app, dataset):
        chosen = sorted(dataset.values("id")[2:7])
        assert self.marked(app) == []
        app.send("on_select_points", data=[{"id": id_} for id_ in chosen])
        assert self.marked(app) == chosen
        assert sorted(app.view.values("id")) == chosen
        app.send("on_change_selected")  # As the App says after each change of the view.
        assert self.marked(app) == chosen
        app.choose(breakdown="level")
        assert self.marked(app) == chosen
        app.send("on_reset")
        assert self.marked(app) == []

    def test_samples_selected_in_the_grid_are_set_off(self, app, dataset):
        chosen = sorted(dataset.values("id")[:2])
        app.selected = chosen
        app.send("on_change_selected")
        assert self.marked(app) == chosen
        app.selected = []
        app.send("on_change_selected")
        assert self.marked(app) == []


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
        texts = app.figure("heatmap")[1]
        cells = dict(zip(zip(texts["y"], texts["x"], strict=True), texts["text"], strict=True))
        assert [cells[group, "n"] for group in app.rows] == ["11", "5", "5", "1"]
        assert {cells["(none)", name] for name in ("srcc", "krcc", "plcc", "rmse")} == {"–"}
        assert float(cells["all", "rmse"]) > 0

    def test_follow_the_selectors(self, app):
        whole = app.rows["all"]
        assert "disagrees" not in app.words
        app.choose(direction="higher")
        assert "every score disagrees with dmos, taken as higher is better" in app.words
        np.testing.assert_allclose(app.rows["all"], -np.array(whole))
        app.choose(breakdown="level")
        assert list(app.rows) == ["all", "0", "1", "2"]
        app.choose(breakdown="(no breakdown)")
        assert list(app.rows) == ["all"]
        app.choose(target="level")
        assert app.state["controls"]["direction"] == "lower", "as its name says"
        app.choose(direction="higher")
        app.choose(target="dmos")
        assert app.state["controls"]["direction"] == "lower"
        assert app.rows["all"] == pytest.approx(whole)

    def test_follow_the_data(self, app, dataset):
        before = app.rows["all"]
        app.send("on_refresh")
        assert app.rows["all"] == before
        dataset.set_values("deepmse", [score and -score for score in SCORES])
        app.send("on_refresh")
        np.testing.assert_allclose(app.rows["all"], -np.array(before))
        dataset.delete_samples(dataset.limit(5))
        app.send("on_refresh")
        assert list(app.rows) == ["all", "jpeg", "(none)"]

    def test_follow_the_declaration(self, app, dataset):
        before = app.rows["all"]
        dataset.info["image_quality"] = {**dataset.info["image_quality"], "lower_is_better": False}
        dataset.save()
        app.send("on_change_dataset")
        np.testing.assert_allclose(app.rows["all"], -np.array(before))

    def test_intervals_are_told_where_they_are_wanted(self, app):
        hover = app.figure("heatmap")[0]["customdata"][0][0]
        assert "95 % interval" in hover
        assert "n = 11, 1 more without score or target" in hover
        app.choose(intervals="none")
        assert "95 % interval" not in app.figure("heatmap")[0]["customdata"][0][0]

    def test_a_field_of_many_values_is_no_breakdown(self, app, dataset):
        extra = [fo.Sample(filepath=f"/nowhere/{n}.png", distortion=f"type {n}") for n in range(100, 160)]
        dataset.add_samples(extra, progress=False)
        app.send("on_refresh")
        assert list(app.rows) == ["all"]
        assert "distortion has 63 values" in app.words

    def test_a_group_called_all_is_not_the_whole(self, app, dataset):
        dataset.set_values("distortion", ["all"] * 6 + ["jpeg"] * 6)
        app.send("on_refresh")
        assert list(app.rows) == ["all", "all (group)", "jpeg"]
        app.send("on_click_cell", y="all (group)", x="srcc")
        assert app.view.values("distortion") == ["all"] * 6

    def test_points_carry_their_samples(self, app, dataset):
        *points, curve = app.figure("scatter")
        assert [trace["name"] for trace in points] == ["blur", "jpeg", "(none)"]
        drawn = {name: xy for t in points for name, *xy in zip(t["ids"], t["x"], t["y"], strict=True)}
        expected = zip(*dataset.limit(11).values(["id", "deepmse", "dmos"]), strict=True)
        assert drawn == {name: xy for name, *xy in expected}
        assert (curve["mode"], curve["x"][0], curve["x"][-1]) == ("lines", 0.5, 9.0)

    def test_a_choice_is_not_told_back_to_the_app(self, app):
        """It would answer, and two of them under way would go round for ever."""
        app.choose(breakdown="level")
        app.state["controls"]["breakdown"] = "distortion"
        state = {**app.state, "controls": {**app.state["controls"], "breakdown": "level"}}
        app.send("on_change_control", state=state, value="level")
        assert app.state["controls"]["breakdown"] == "distortion"


class TestDrillDown:
    def test_dynamic_groups_are_evaluated_and_shown_with_all_their_samples(self, app, dataset):
        whole = app.rows
        app.change_view(dataset.group_by("distortion"))
        assert app.rows == whole
        app.send("on_click_cell", y="blur", x="srcc")
        assert app.view.values("distortion") == ["blur"] * 5

    def test_a_row_shows_its_images_and_leaves_the_statistics(self, app):
        before = app.figure("heatmap")
        app.send("on_click_cell", y="jpeg", x="srcc")
        assert set(app.view.values("distortion")) == {"jpeg"}
        assert len(app.view) == 5
        app.send("on_change_view")
        assert app.figure("heatmap") == before
        assert "distortion = jpeg" in app.words
        app.send("on_click_cell", y="(none)", x="n")
        assert app.view.values("distortion") == [None, None]

    @pytest.mark.parametrize(("group", "part"), [("all", slice(0, 12)), ("blur", slice(0, 5))])
    def test_the_greatest_disagreement_comes_first(self, app, dataset, group, part):
        app.send("on_click_cell", y=group, x="srcc")
        fit = fit_curve(SCORES, TARGETS)
        ids = dataset.values("id")[part]
        distance = {
            name: -1 if score is None else abs(fit.predict(score) - target)
            for name, score, target in zip(ids, SCORES[part], TARGETS[part], strict=True)
        }
        shown = app.view.values("id")
        assert sorted(shown) == sorted(ids)
        assert [distance[name] for name in shown] == sorted(distance.values(), reverse=True)

    def test_there_is_a_way_back(self, app, dataset):
        app.send("on_click_cell", y="blur", x="srcc")
        app.send("on_reset")
        assert app.view.values("id") == dataset.values("id")
        assert app.state["shown"] is None

    def test_whole_numbers_are_found(self, app):
        app.choose(breakdown="level")
        app.send("on_click_cell", y="2", x="srcc")
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
        app.send("on_click_cell", y="blur", x="srcc")
        assert sorted(app.view.values("dmos")) == [0.1, 0.2, 0.3]
        app.send("on_reset")
        assert len(app.view) == 7

    def test_the_whole_dataset_can_be_evaluated_without_losing_the_pinned_view(self, dataset):
        app = App(dataset)
        app.send("on_load")
        assert "scope" not in app.properties["controls"]["type"]["properties"], "there is nothing to choose"
        app.change_view(dataset.match(F("distortion") == "blur"))
        app.choose(scope="whole")
        assert list(app.rows) == ["all", "blur", "jpeg", "(none)"]
        app.send("on_click_cell", y="jpeg", x="srcc")
        assert len(app.view) == 5
        app.send("on_change_view")
        app.send("on_reset")
        assert set(app.view.values("distortion")) == {"blur"}
        app.choose(scope="pinned")
        assert list(app.rows) == ["all", "blur"]

    def test_the_sidebar_s_filters_count(self, dataset):
        app = App(dataset)
        app.send("on_load")
        app.filters = {"distortion": {"values": ["blur"], "exclude": False, "isMatching": True}}
        app.send("on_change_view")
        assert list(app.rows) == ["all", "blur"]
        # Setting a view makes the App drop its filters: a change that the panel has caused itself.
        app.send("on_click_cell", y="blur", x="srcc")
        before = app.figure("heatmap")
        app.filters = None
        app.send("on_change_view")
        assert app.figure("heatmap") == before

    def test_a_reloaded_page_keeps_what_was_pinned(self, app):
        app.send("on_click_cell", y="jpeg", x="srcc")
        app.data = {}
        app.send("on_load")
        assert list(app.rows) == ["all", "blur", "jpeg", "(none)"]

    def test_another_dataset_starts_over(self, app, dataset):
        app.choose(breakdown="level")
        app.send("on_click_cell", y="2", x="srcc")
        other = dataset.match(F("distortion") == "blur").clone()
        app.dataset, app.stages = other, []
        app.send("on_change_view")
        app.send("on_change_dataset")
        assert list(app.rows) == ["all", "blur"]
        other.delete()


class TestNothingToCompare:
    @pytest.mark.parametrize(
        ("event", "form"),
        [("on_compute", "compute_full_reference"), ("on_assess", "compute_no_reference")],
    )
    def test_no_scores_offers_to_compute_them(self, dataset, event, form):
        dataset.delete_sample_field("deepmse")
        app = App(dataset)
        app.send("on_load")
        assert set(app.properties) == {"message", "buttons"}
        assert "No scores" in app.words
        app.send("on_change_tab", value="overview")
        app.send(event)
        ((name, params),) = app.messages
        assert name == "prompt_user_for_operation"
        assert params["operator_uri"] == f"@deepmse/image-quality/{form}"
        assert foo.operator_exists(params["operator_uri"])
        dataset.add_sample_field("deepmse", fo.FloatField)
        dataset.set_values("deepmse", SCORES)
        app.send(params["on_success"].split("#")[1])
        assert list(app.rows) == ["all", "blur", "jpeg", "(none)"]

    def test_no_target_says_what_to_do(self, dataset):
        dataset.delete_sample_fields(["dmos", "level"])
        app = App(dataset)
        app.send("on_load")
        assert "No target" in app.words
        app.send("on_load_dataset")
        ((_, params),) = app.messages
        assert foo.operator_exists(params["operator_uri"])

    def test_an_empty_view_is_no_error(self, app, dataset):
        app.change_view(dataset.match(F("dmos") > 99))
        assert app.rows == {"all": [None, None, None]}
        for tab in ("residuals", "significance", "levels", "runs"):
            app.open_tab(tab)
            assert app.figures == set()

    def test_a_field_that_went_is_not_insisted_on(self, app, dataset):
        app.choose(breakdown="level")
        dataset.delete_sample_field("level")
        app.send("on_refresh")
        assert app.state["controls"]["breakdown"] == "distortion"


def test_patches_are_refused_in_words_and_whole_images_are_shown_again(app, dataset):
    rows = app.rows
    boxes = [fo.Detections(detections=[fo.Detection(label="a", bounding_box=[0, 0, 1, 1])]) for _ in range(12)]
    dataset.set_values("boxes", boxes)
    app.change_view(dataset.to_patches("boxes"))
    assert "choose a view of whole images" in app.words
    app.send("on_refresh")
    assert "choose a view of whole images" in app.words
    app.change_view(dataset.view())
    assert app.rows == rows
