import pytest
from deepmse.plugin.figures import filmstrip, wipe
from deepmse.plugin.figures.comparison import FRAMES


def steps(figure) -> list[dict]:
    layout = figure.layout
    return [step["args"][0] for step in layout["sliders"][0]["steps"] + layout["updatemenus"][0]["buttons"][:3]]


def test_right_picture_is_drawn_right_of_the_slider_alone_and_stays_in_its_place():
    figure = wipe("/left", "/right", ("Left", "Right"))
    assert [image["source"] for image in figure.layout["images"]] == ["/left", "/right"]
    for step in steps(figure):
        assert step["xaxis2.domain"] == step["xaxis2.range"], "a place in the picture is at its place in the plot"
        begin, end = step["xaxis2.domain"]
        assert begin < end == 1
        assert begin == pytest.approx(step["shapes[0].x0"], abs=1e-3)
    begins = [step["shapes[0].x0"] for step in steps(figure)]
    assert begins[:-3] == sorted(begins[:-3])
    assert begins[-3:] == [1.0, 0.5, 0.0]


def test_frames_have_the_right_picture_out_of_sight_and_in_it():
    hidden, shown = (frame["layout"]["xaxis2"]["range"] for frame in FRAMES)
    assert hidden[0] > 1
    assert shown == [0, 1]
    buttons = wipe("/left", "/right", ("Left", "Right")).layout["updatemenus"][0]["buttons"]
    flicker = next(button for button in buttons if button["label"] == "Flicker")
    assert set(flicker["args"][0]) == {frame["name"] for frame in FRAMES}


def test_filmstrip_gives_ids_and_sets_the_current_picture_apart():
    figure = filmstrip(["/a", "/b"], ["1", "2"], ["level 1", "level 2"], 1)
    assert figure.data[0]["ids"] == ["1", "2"]
    assert [image["x"] for image in figure.layout["images"]] == figure.data[0]["x"]
    frame = figure.layout["shapes"][0]
    assert frame["x0"] < 1 < frame["x1"]
    assert not filmstrip(["/a"], ["1"], ["level 1"], None).layout["shapes"]
