"""The curation panel's events, as the App sends them, on a real database."""

import base64
import copy
import csv
import io

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone import ViewField as F

from .panel_app import App

pytestmark = pytest.mark.integration

PANEL = "@deepmse/image-quality/quality_curation"
NR = [5.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0, None]
DEEPMSE = [9.0, 1.0, 2.0, 3.0, 8.0, 4.0, 5.0, 6.0, 7.0, float("nan")]
BLURRY = [True, False, True, False, False, True, False, False, False, None]
GRADES = ["bad", "bad", "poor", "poor", "fair", "fair", "good", "good", "excellent", None]


@pytest.fixture
def dataset():
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/nowhere/{number}.png") for number in range(10)], progress=False)
    for name, kind, values in (
        ("nr", fo.FloatField, NR),
        ("deepmse", fo.FloatField, DEEPMSE),
        ("blurry", fo.BooleanField, BLURRY),
        ("nr_grade", fo.StringField, GRADES),
    ):
        dataset.add_sample_field(name, kind)
        dataset.set_values(name, values)
    yield dataset
    dataset.delete()


@pytest.fixture
def app(dataset) -> App:
    app = App(dataset, PANEL)
    app.send("on_load")
    return app


def move(app: App, amount: float) -> None:
    app.state["amount"] = amount
    app.send("on_change_threshold", value=amount)


def choose(app: App, **controls: str) -> None:
    events = {
        "field": "on_change_field",
        "worse": "on_change_worse",
        "by": "on_change_way",
        "grade": "on_change_grade",
    }
    for name, value in controls.items():
        app.state["controls"][name] = value
        app.send(events[name], value=value)


def numbers(app: App) -> set[int]:
    """Which samples the grid shows."""
    return {int(path.split("/")[-1].split(".")[0]) for path in app.view.values("filepath")}


def notices(app: App) -> str:
    return " ".join(params["message"] for name, params in app.messages if name == "notify")


class TestThreshold:
    def test_is_set_where_the_app_has_dropped_the_state(self, app):
        before = set(app.state)
        app.state = {"amount": 30.0}
        app.send("on_change_threshold", value=30.0)
        assert set(app.state) == before | {"shown", "shown_label"}
        assert numbers(app) == {0, 1, 2}

    def test_is_on_nr_at_first_and_leaves_the_grid_alone(self, app):
        assert app.state["controls"]["field"] == "nr"
        assert sum(app.state["values"]["counts"]) == 9
        assert "1 of 10 images (10.0%)" in app.words
        assert len(app.view) == 10

    def test_shows_the_images_beyond_it_the_worst_first(self, app):
        move(app, 30.0)
        assert app.view.values("nr") == [5.0, 15.0, 25.0]
        assert "3 of 10 images (30.0%)" in app.words
        app.send("on_change_view")
        assert "3 of 10 images" in app.words, "its own view is not pinned"
        app.send("on_reset")
        assert len(app.view) == 10

    def test_takes_what_is_worse_by_the_direction_of_the_metric(self, app):
        choose(app, field="deepmse")
        move(app, 7.0)
        assert app.view.values("deepmse") == [9.0, 8.0, 7.0]
        choose(app, worse="lower")
        move(app, 2.0)
        assert app.view.values("deepmse") == [1.0, 2.0]

    def test_is_set_by_share_by_grade_and_by_a_click(self, app):
        choose(app, by="share")
        move(app, 100 * 4 / 9)
        assert app.view.values("nr") == NR[:4]
        choose(app, by="grade")
        choose(app, grade="fair")
        assert numbers(app) == {0, 1, 2, 3, 4, 5}
        assert app.state["layout"]["shapes"][0]["x0"] == 60
        bars = app.figure("histogram")[0]["x"]
        app.send("on_click_bar", x=bars[-1], y=1)
        assert numbers(app) == set(range(8))

    def test_is_as_bad_as_the_selected(self, app, dataset):
        app.send("on_as_selected")
        assert "select samples" in notices(app)
        app.selected = dataset.values("id")[1:3]
        app.send("on_as_selected")
        assert app.view.values("nr") == NR[:3]

    def test_what_the_panel_itself_chose_is_no_change(self, app):
        choose(app, by="share")
        app.send("on_click_bar", x=app.figure("histogram")[0]["x"][-1], y=1)
        shown = app.state["number"]
        app.send("on_change_way", value="value")
        assert app.state["number"] == shown == 8

    def test_of_a_flag_is_yes(self, app):
        choose(app, field="blurry")
        assert "3 of 10 images" in app.words
        assert dict(zip(*(app.figure("histogram")[0][key] for key in "xy"), strict=True)) == {
            "yes": 3,
            "no": 6,
            "not known": 1,
        }

    def test_knows_issues_and_their_measures(self, app, dataset):
        for field, kind in (("quality_dark", fo.BooleanField), ("quality_noise", fo.FloatField)):
            dataset.add_sample_field(field, kind)
        dataset.set_values("quality_noise", [float(number) for number in range(10)])
        app.send("on_refresh")
        assert app.state["fields"]["quality_dark"] == "Issue: dark"
        assert app.state["fields"]["quality_noise"] == "Noise (grey levels)"
        choose(app, field="quality_noise")
        assert app.state["controls"]["worse"] == "higher"

    def test_conditions_are_joined(self, app):
        move(app, 30.0)
        app.send("on_add")
        choose(app, field="blurry")
        app.send("on_refresh")
        assert "2 of 10 images" in app.words
        app.state["joins"] = {"join": "or"}
        app.send("on_change_join", value="or")
        assert numbers(app) == {0, 1, 2, 5}
        app.send("on_remove", row=0)
        assert numbers(app) == {0, 2, 5}

    def test_is_kept_with_the_dataset(self, app, dataset):
        move(app, 30.0)
        app.send("on_add")
        choose(app, field="blurry")
        app.send("on_keep")
        later = App(dataset, PANEL)
        later.send("on_load")
        assert later.choices("tools", "recall") == ["blurry and nr ≤ 30"]
        later.send("on_recall", value="blurry and nr ≤ 30")
        assert numbers(later) == {0, 2}

    def test_is_of_the_pinned_view(self, app, dataset):
        app.change_view(dataset.match(F("nr") > 50))
        assert "of 4 images" in app.words
        move(app, 60.0)
        assert app.view.values("nr") == [55.0]

    def test_view_that_was_set_meanwhile_is_not_pinned(self, app):
        before = copy.deepcopy(app.state)
        move(app, 30.0)
        app.send("on_change_view", state=before)
        assert app.state["base"] == []
        app.send("on_reset")
        assert len(app.view) == 10

    def test_field_without_a_value_meets_nothing(self, app, dataset):
        dataset.add_sample_field("empty", fo.FloatField)
        choose(app, field="empty")
        assert "0 of 10 images" in app.words
        choose(app, by="share")
        assert "0 of 10 images" in app.words


class TestActs:
    def test_are_on_the_images_beyond_the_threshold_and_undone(self, app, dataset):
        move(app, 30.0)
        app.state["naming"] = {"name": "bad"}
        dataset.limit(1).tag_samples("bad")
        app.send("on_tag")
        assert "2 images tagged" in notices(app), "one had the tag"
        assert dataset.match_tags("bad").values("nr") == NR[:3]
        app.send("on_untag")
        assert not dataset.match_tags("bad")
        app.send("on_undo")
        app.send("on_undo")
        assert dataset.match_tags("bad").values("nr") == NR[:1]
        app.send("on_undo")
        assert "nothing to undo" in notices(app)

    def test_are_on_the_selected_where_some_are(self, app, dataset):
        move(app, 30.0)
        app.selected = dataset.values("id")[-1:]
        app.send("on_change_selected")
        assert "With the 1 selected images" in app.words
        app.send("on_review_keep")
        assert dataset.values("quality_review") == [None] * 9 + ["keep"]

    def test_review_is_undone_to_what_it_was(self, app, dataset):
        move(app, 30.0)
        app.send("on_review_reject")
        move(app, 10.0)
        app.send("on_review_unsure")
        assert dataset.values("quality_review")[:4] == ["unsure", "reject", "reject", None]
        app.send("on_undo")
        assert dataset.values("quality_review")[:4] == ["reject", "reject", "reject", None]
        app.send("on_undo")
        assert dataset.values("quality_review") == [None] * 10

    def test_view_is_saved_once(self, app, dataset):
        move(app, 30.0)
        app.state["naming"] = {"name": "worst"}
        app.send("on_save_view")
        assert dataset.load_saved_view("worst").values("nr") == NR[:3]
        app.send("on_save_view")
        assert "already" in notices(app)
        app.send("on_undo")
        assert not dataset.has_saved_view("worst")
        app.state["naming"] = {"name": " "}
        app.send("on_save_view")
        assert "needs a name" in notices(app)

    def test_deletion_asks_twice_and_brings_all_back(self, app, dataset):
        def documents() -> list[dict]:
            found = dataset._sample_collection.find({}, {"last_modified_at": False}).sort("_id", 1)
            return [{**each, "deepmse": str(each["deepmse"])} for each in found]  # NaN is not itself.

        before = documents()
        move(app, 30.0)
        app.send("on_delete")
        app.send("on_cancel")
        for number in (10, 10, 7):
            app.send("on_delete")
            assert len(dataset) == number
        assert "of 7 images" in app.words
        app.send("on_undo")
        assert documents() == before

    def test_list_has_paths_and_values(self, app):
        move(app, 30.0)
        app.send("on_export")
        ((_, params),) = app.messages
        rows = list(csv.DictReader(io.StringIO(base64.b64decode(params["url"].partition(",")[2]).decode())))
        assert rows[0] == {"filepath": "/nowhere/0.png", "nr": "5.0"}
        assert len(rows) == 3

    def test_no_more_than_ten_can_be_undone(self, app, dataset):
        move(app, 30.0)
        for number in range(12):
            app.state["naming"] = {"name": f"tag {number}"}
            app.send("on_tag")
        for _ in range(11):
            app.send("on_undo")
        assert "nothing to undo" in notices(app)
        assert set(dataset.distinct("tags")) == {"tag 0", "tag 1"}
        collections = fo.core.odm.get_db_conn().list_collection_names()
        assert not [name for name in collections if str(dataset._doc.id) in name and "undo" in name]

    def test_scan_is_offered_for_what_lacks_the_score(self, app):
        app.send("on_scan")
        ((_, params),) = app.messages
        assert params["params"] == {"metrics": ["nr"], "only_missing": True}
        assert params["operator_uri"].endswith("compute_no_reference")


def test_dataset_without_numbers_is_told_of():
    empty = fo.Dataset()
    empty.add_sample(fo.Sample(filepath="/nowhere/1.png"))
    app = App(empty, PANEL)
    app.send("on_load")
    assert "No scores yet" in app.words
    empty.delete()


def test_all_slices_of_a_grouped_dataset_are_acted_on():
    grouped = fo.Dataset()
    grouped.add_group_field("group", default="reference")
    for number in range(3):
        group = fo.Group()
        grouped.add_samples(
            [
                fo.Sample(filepath=f"/nowhere/{name}{number}.png", group=group.element(name), nr=10.0 * number + nr)
                for nr, name in enumerate(("reference", "distorted"))
            ],
            progress=False,
        )
    images = grouped.select_group_slices()
    app = App(grouped, PANEL)
    app.send("on_load")
    move(app, 10.5)
    assert "3 of 6 images" in app.words
    app.send("on_tag")
    assert images.match_tags("low quality").values("nr") == [0.0, 1.0, 10.0]
    app.send("on_undo")
    assert not images.match_tags("low quality")
    app.selected = images.values("id")[-1:]
    app.send("on_review_keep")
    assert images.values("quality_review") == [None] * 5 + ["keep"]
    app.send("on_undo")
    assert images.values("quality_review") == [None] * 6
    grouped.delete()


def test_opens_from_a_button_of_the_grid():
    operator = foo.get_operator("@deepmse/image-quality/open_quality_curation")
    placement = operator.resolve_placement(foo.executor.ExecutionContext({}))
    assert placement.place == foo.types.Places.SAMPLES_GRID_SECONDARY_ACTIONS
