"""The panel in the FiftyOne App, in a browser.

With DEEPMSE_SCREENSHOTS set to a folder, the tests leave pictures of what they saw there.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from scipy import stats

pytestmark = [pytest.mark.browser, pytest.mark.integration]

REPOSITORY = Path(__file__).parents[2]
START_TIMEOUT_S = 150


@dataclass(frozen=True)
class Served:
    url: str
    values: dict


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The App on a home, a database and a plugins folder of its own."""
    home = tmp_path_factory.mktemp("fiftyone")
    (home / "plugins").mkdir()
    (home / "plugins" / "image-quality").symlink_to(REPOSITORY)
    data = Path(os.environ.get("DEEPMSE_TEST_DATA", REPOSITORY.parent / "shared"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "HOME": str(home),
        "FIFTYONE_DATABASE_DIR": str(home / "db"),
        "FIFTYONE_DATABASE_VALIDATION": "false",
        "FIFTYONE_DEFAULT_DATASET_DIR": str(home / "media"),
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_PLUGINS_DIR": str(home / "plugins"),
    }
    arguments = [str(port), str(home / "values.json"), str(data / "data" / "live_subset"), str(home / "photos")]
    script = Path(__file__).with_name("serve_fiftyone.py")
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Served(f"http://localhost:{port}", _wait_for_values(server, home))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _wait_for_values(server: subprocess.Popen, home: Path) -> dict:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        if (home / "values.json").exists() and (text := (home / "values.json").read_text()):
            return json.loads(text)
        time.sleep(0.5)
    pytest.fail(f"the App did not start:\n{(home / 'log').read_text()[-3000:]}")


@pytest.fixture
def app(page: Page) -> Page:
    """A page with the App's greeting out of the way."""
    page.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
    return page


def panel(app: Page) -> Locator:
    return app.locator("[data-cy=panel-content-quality_vs_mos]")


def open_panel(app: Page, served: Served, dataset: str) -> None:
    """Open a dataset and, unless the session has it open already, the panel."""
    app.goto(f"{served.url}/datasets/{dataset}")
    expect_count(app, len(served.values["score"]))
    app.wait_for_timeout(1000)
    if not panel(app).count():
        app.locator("[data-cy=new-panel-btn]").last.click()
        app.locator("[data-cy=new-panel-option-quality_vs_mos]").click()


def open_scored(app: Page, served: Served) -> None:
    open_panel(app, served, "scored")
    panel(app).locator(".heatmaplayer text").first.wait_for()


def expect_count(app: Page, n: int) -> None:
    expect(app.locator("[data-cy=entry-counts]")).to_have_text(re.compile(rf"^{n}\s+samples?$"))


def groups(served: Served) -> list[str]:
    return sorted(set(served.values["distortion"]), key=str.lower)


def screenshot(app: Page, name: str) -> None:
    if folder := os.environ.get("DEEPMSE_SCREENSHOTS"):
        app.wait_for_timeout(2000)  # for thumbnails and transitions
        app.mouse.move(0, 0)
        app.screenshot(path=Path(folder) / f"{name}.png")


def test_heatmap_shows_the_statistics_of_each_distortion(app, served):
    open_scored(app, served)
    texts = panel(app).locator(".heatmaplayer text").all_text_contents()
    columns = list(zip(*(served.values[name] for name in ("distortion", "score", "target")), strict=True))
    # Scores of DeepMSE rise with the damage: where the target does not, agreement is a negative correlation.
    sign = 1 if served.values["lower_is_better"] else -1
    expected = []
    for group in [None, *groups(served)]:
        scores, targets = zip(*[(s, t) for g, s, t in columns if group in (None, g)], strict=True)
        expected.append(
            [sign * stats.spearmanr(scores, targets).statistic, sign * stats.kendalltau(scores, targets).statistic]
        )
    shown = [[float(text) for text in texts[row * 3 : row * 3 + 2]] for row in range(len(texts) // 3)]
    assert len(shown) == len(expected)
    for row, truth in zip(shown, expected, strict=True):
        assert row == pytest.approx(truth, abs=0.0005001)
    screenshot(app, "panel")


def test_row_shows_its_images_and_reset_brings_all_back(app, served):
    open_scored(app, served)
    row = len(groups(served))
    panel(app).locator(".heatmaplayer text").nth(3 * row).click(force=True)
    expect_count(app, Counter(served.values["distortion"])[groups(served)[-1]])
    assert panel(app).locator(".heatmaplayer text").count() == 3 * (row + 1)
    screenshot(app, "panel-row")
    panel(app).get_by_role("button", name="Reset grid").click()
    expect_count(app, len(served.values["score"]))


def test_points_drawn_round_show_their_images(app, served):
    open_scored(app, served)
    points = panel(app).locator(".scatterlayer .point").all()
    boxes = [point.bounding_box() for point in points]
    assert len(boxes) == len(served.values["score"])
    right = max(boxes, key=lambda box: box["x"])
    x, y = right["x"] + right["width"] / 2, right["y"] + right["height"] / 2
    app.mouse.move(x - 9, y - 9)
    app.mouse.down()
    for dx, dy in ((9, -9), (9, 9), (-9, 9), (-9, -9)):
        app.mouse.move(x + dx, y + dy, steps=4)
    app.mouse.up()
    near = sum(abs(box["x"] - right["x"]) < 9 and abs(box["y"] - right["y"]) < 9 for box in boxes)
    expect_count(app, near)


def test_scores_are_computed_from_the_panel(app, served):
    open_panel(app, served, "unscored")
    expect(panel(app).get_by_text("No scores yet")).to_be_visible()
    screenshot(app, "no-scores")
    panel(app).get_by_role("button", name="Score images").click()
    app.get_by_role("button", name="Execute", exact=True).wait_for()
    screenshot(app, "form")
    app.get_by_role("button", name="Execute", exact=True).click()
    expect(app.get_by_text("SRCC with")).to_be_visible()
    app.get_by_role("button", name="Done").click()
    expect(panel(app).locator(".heatmaplayer text")).to_have_count(3 * (len(groups(served)) + 1))


def test_panel_is_legible_when_light_and_narrow(app, served):
    app.set_viewport_size({"width": 1000, "height": 1000})
    open_scored(app, served)
    app.get_by_test_id("LightModeIcon").click()
    expect(app.get_by_test_id("DarkModeIcon")).to_be_visible()
    box = panel(app).bounding_box()
    for cell in panel(app).locator(".heatmaplayer text, .scatterlayer text, .legendtext").all():
        inner = cell.bounding_box()
        assert box["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= box["x"] + box["width"]
    background, text = (
        app.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{prop}")
        for selector, prop in (
            ("[data-cy=panel-content-quality_vs_mos] .main-svg", "backgroundColor"),
            ("[data-cy=panel-content-quality_vs_mos] .xtick text", "fill"),
        )
    )
    assert contrast(background, text) > 3
    screenshot(app, "panel-light")


def contrast(*colors: str) -> float:
    """WCAG 2 contrast ratio of two CSS rgb colours."""

    def luminance(color: str) -> float:
        channels = [float(value) / 255 for value in re.findall(r"[\d.]+", color)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(luminance(color) for color in colors)
    return (high + 0.05) / (low + 0.05)
