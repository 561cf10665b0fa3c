"""The panel on 10,000 images and five metrics."""

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from deepmse.plugin.store import fields

from .panel_app import App

pytestmark = pytest.mark.integration

N = 10_000
METRICS = [f"metric_{number}" for number in range(5)]


@pytest.fixture(scope="module")
def dataset() -> Iterator[fo.Dataset]:
    """25 types at five levels of 80 references, like KADID-10k."""
    rng = np.random.default_rng(0)
    quality = rng.normal(size=N)
    mos = 1 + 4 / (1 + np.exp(-quality + rng.normal(0, 0.4, N)))
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(
                filepath=f"/nowhere/{number}.png",
                ref_path=f"/nowhere/ref{number // 125}.png",
                distortion=f"type {number % 25:02}",
                level=number // 25 % 5 + 1,
                mos=float(mos[number]),
            )
            for number in range(N)
        ],
        progress=False,
    )
    for number, name in enumerate(METRICS):
        scores = np.exp(-0.7 * quality + rng.normal(0, 0.3 + 0.1 * number, N))
        dataset.add_sample_field(name, fo.FloatField)
        dataset.set_values(name, scores.tolist())
    dataset.info[fields.INFO_KEY] = {"target": "mos", "lower_is_better": False}
    dataset.info[fields.SCORES_KEY] = {
        name: {"title": name, "kind": "FR", "lower_is_better": True} for name in METRICS
    }
    dataset.save()
    yield dataset
    dataset.delete()


def test_opens_and_follows_its_selectors(dataset):
    app = App(dataset)
    app.send("on_load")
    assert len(app.rows) == 26
    app.send("on_change_tab")  # as the App does by itself once the panel is open
    for name, value in (
        ("statistic", "krcc"),
        ("statistic", "plcc"),
        ("statistic", "srcc"),
        ("plotted", METRICS[1]),
        ("breakdown", "level"),
        ("breakdown", "(no breakdown)"),
        ("breakdown", "distortion"),
        ("metrics", METRICS[:3]),
        ("metrics", METRICS[2:3]),
        ("metrics", METRICS),
        ("direction", "lower"),
    ):
        app.choose(**{name: value})
        assert app.state["controls"][name] == value
    for tab in ("residuals", "levels", "runs", "overview"):
        app.open_tab(tab)
    app.send("on_click_cell", x=METRICS[0], y="type 07")
    assert len(app.view) == N // 25
