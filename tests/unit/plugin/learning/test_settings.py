"""The learning rate's way down."""

import re

import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.settings import Epoch, Settings


def rates(schedule: str) -> list[float]:
    settings = Settings(epochs=5, learning_rate=1e-4, final_learning_rate=1e-6, schedule=schedule)
    return [settings.rate(epoch, []) for epoch in range(5)]


def test_schedules_begin_and_end_where_they_should():
    assert rates("constant") == [1e-4] * 5
    assert rates("exponential") == pytest.approx([1e-4 / 10 ** (epoch / 2) for epoch in range(5)])
    cosine = rates("cosine")
    assert (cosine[0], cosine[2], cosine[4]) == pytest.approx((1e-4, (1e-4 + 1e-6) / 2, 1e-6))


def test_a_plateau_halves_the_rate_after_three_epochs_without_a_better_one():
    settings = Settings(learning_rate=1.0, final_learning_rate=0.1, schedule="plateau", best_by="loss")
    losses = [5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3]
    history = [Epoch(number, 0.0, float(loss)) for number, loss in enumerate(losses, start=1)]
    found = [settings.rate(done, history[:done]) for done in range(len(history) + 1)]
    assert found == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_without_another_end_the_rate_falls_to_a_hundredth():
    assert Settings(epochs=2, learning_rate=0.5, schedule="cosine").rate(1, []) == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("epochs", 0, "1 or more"),
        ("batch_size", 0, "1 or more"),
        ("learning_rate", 0.0, "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("average", 1.0, "0 to below 1"),
        ("patience", 0, "1 or more"),
        ("schedule", "step", "constant, cosine, exponential or plateau"),
        ("loss", "mse+mae", "mse, plcc, norm-in-norm or ranking, or a sum of them such as mse+plcc"),
        ("precision", "16", "32-true, bf16-mixed or 16-mixed"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, value, allowed):
    with pytest.raises(UsageError, match=f"^{re.escape(f'training with {name} {value!r}: allowed is {allowed}')}$"):
        Settings(**{name: value})


def test_patience_keeps_the_best():
    assert Settings(keep_last=True).keeps_last
    assert not Settings(keep_last=True, patience=3).keeps_last
