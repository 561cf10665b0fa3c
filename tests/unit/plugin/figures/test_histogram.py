import pytest
from deepmse.plugin.figures import threshold_histogram, value_bars


@pytest.mark.parametrize(("lower_is_worse", "bad"), [(True, [0, 1]), (False, [2])])
def test_bars_beyond_the_threshold_are_set_apart(lower_is_worse, bad):
    figure = threshold_histogram([0, 1, 2, 3], [4, 5, 6], title="score", threshold=2.0, lower_is_worse=lower_is_worse)
    colors = figure.data[0]["marker"]["color"]
    line = figure.layout["shapes"][0]
    assert figure.data[0]["x"] == [0.5, 1.5, 2.5]
    assert figure.data[0]["y"] == [4, 5, 6]
    assert len(set(colors)) == 2
    assert [number for number, color in enumerate(colors) if color == line["line"]["color"]] == bad
    assert (line["x0"], line["x1"]) == (2, 2)


def test_bar_of_the_bad_value_is_set_apart():
    colors = value_bars({"yes": 1, "no": 2, "not known": 3}, title="dark", bad="yes").data[0]["marker"]["color"]
    assert colors[0] != colors[1] == colors[2]
