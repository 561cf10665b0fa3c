"""The curve of a training."""

from deepmse.plugin.figures.training import learning_curve


def test_curves_are_those_that_there_are_and_the_kept_epoch_is_marked():
    epochs = [{"number": n, "loss": 1 / n, "validation": 2 / n, "srcc": None if n == 1 else 0.5} for n in (1, 2, 3)]
    figure = learning_curve(epochs, 2)
    assert {trace["name"]: trace["y"] for trace in figure.data} == {
        "loss, learnt from": [1, 1 / 2, 1 / 3],
        "loss, held out": [2, 1, 2 / 3],
        "SRCC, held out": [None, 0.5, 0.5],
    }
    assert figure.layout["shapes"][0]["x0"] == figure.layout["shapes"][0]["x1"] == 2
    alone = [{"number": 1, "loss": 1.0, "validation": None, "srcc": None}]
    assert [trace["name"] for trace in learning_curve(alone, 1).data] == ["loss, learnt from"]
