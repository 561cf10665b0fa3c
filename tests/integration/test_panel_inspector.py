"""The pair inspector's events, as the App sends them, on a real database."""

from urllib.parse import parse_qs, urlsplit

import fiftyone as fo
import pytest

from .panel_app import App

pytestmark = pytest.mark.integration

PANEL = "@deepmse/image-quality/pair_inspector"
SCORES = [0.5, 0.1, 0.2, 0.4, 0.3, None]


@pytest.fixture
def scored(dataset) -> fo.Dataset:
    """Six pairs of two references at three levels, five of them with scores."""
    dataset.add_sample_field("deepmse", fo.FloatField)
    dataset.set_values("deepmse", SCORES)
    dataset.set_values("deepmse_stages", [[score] * 5 if score else None for score in SCORES])
    return dataset


@pytest.fixture
def app(scored) -> App:
    app = App(scored, PANEL)
    app.send("on_load")
    return app


def shown(app: App, figure: str) -> list[str]:
    """Paths of the pictures in a figure."""
    images = app.state["layouts"][figure]["images"]
    return [parse_qs(urlsplit(image["source"]).query)["filepath"][0] for image in images]


def test_pair_is_the_first_the_selected_or_the_open_one(app, scored):
    ids, paths, references = scored.values(["id", "filepath", "ref_path"])
    assert shown(app, "pair") == [references[0], paths[0]]
    app.selected = ids[2:4]
    app.send("on_change_selected")
    assert shown(app, "pair") == [references[3], paths[3]]
    app.current_sample = ids[4]
    app.send("on_change_current_sample")
    assert shown(app, "pair") == [references[4], paths[4]]
    assert "white noise at level" in app.words


def test_scores_stand_among_those_of_the_dataset(app, scored):
    for sample_id, better_than in zip(scored.values("id"), (0, 100, 75, 25, 50), strict=False):
        app.current_sample = sample_id
        app.send("on_change_current_sample")
        assert app.figure("standings")[0]["x"] == pytest.approx([better_than])
    assert app.figure("stages")[0]["x"] == [0.3] * 5
    app.current_sample = scored.last().id
    app.send("on_change_current_sample")
    assert "standings" not in app.figures


def test_neighbours_have_reference_and_distortion_in_common_and_lead_there(app, scored):
    first = scored.first()
    like = [each for each in scored if each.ref_path == first.ref_path]
    trace = app.figure("neighbours")[0]
    assert trace["ids"] == [each.id for each in sorted(like, key=lambda each: (each.level, each.filepath))]
    app.send("on_go", id=trace["ids"][-1])
    assert shown(app, "pair")[1] == scored[trace["ids"][-1]].filepath
    app.current_sample = first.id
    app.send("on_go", id=trace["ids"][-1])
    ((name, params),) = app.messages
    assert (name, params["id"]) == ("open_sample", trace["ids"][-1])


def test_stages_are_mapped_on_demand(app, scored):
    app.send("on_stages")
    app.send("on_change_view")
    assert len(app.state["layouts"]["maps"]["images"]) == 5, "the view is the same"
    scored.set_values("ref_path", ["/nowhere.png"] * len(scored))
    app.send("on_stages")
    assert "/nowhere.png: no such file" in app.messages[-1][1]["message"]
    scored.set_values("ref_path", [None] * len(scored))
    app.change_view(scored.skip(1))
    assert "pair" not in app.figures
    assert "reference is not known" in app.words
