"""A curator's work in the FiftyOne App, in a browser: score images without originals, and teach a model."""

import contextlib
import re

import pytest
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from .conftest import TIMEOUT_MS, Served, expect_count, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.integration]

TRIES = 4


def open_form(app: Page, served: Served, operator: str) -> None:
    """Choose an operator for the dataset ``labelled`` as the App's users do."""
    # The key that opens the list of operators does nothing before they are there, which takes a first page longer.
    app.goto(served.url)
    app.wait_for_url("**/datasets/*")
    app.goto(f"{served.url}/datasets/labelled")
    expect_count(app, len(served.values["path"]))
    open_operator(app, operator)


def open_operator(app: Page, operator: str) -> None:
    """Choose an operator for what the App shows."""
    search = app.get_by_placeholder("Search operations by name...")
    # As long as a result closes the key is lost on it, and maybe for a moment more.
    expect(app.get_by_role("button", name="Done")).to_have_count(0)
    for _ in range(TRIES):
        app.keyboard.press("`")
        with contextlib.suppress(PlaywrightTimeoutError):
            search.wait_for(timeout=TIMEOUT_MS / TRIES)
            break
    search.fill(operator)
    app.keyboard.press("Enter")
    app.get_by_role("button", name="Execute", exact=True).wait_for()


def test_images_are_scored_and_the_poor_ones_found(app, served):
    open_form(app, served, "Compute no-reference image quality")
    screenshot(app, "nr-form")
    app.get_by_role("button", name="Execute", exact=True).click()
    served.expect(app, lambda: expect(app.get_by_text("Recorded as the run nr_1")).to_be_visible())
    screenshot(app, "nr-scored")
    app.get_by_role("button", name="Done").click()

    app.locator("[data-cy=sidebar-field-arrow-enabled-nr_grade]").click()
    app.get_by_placeholder("+ filter by nr_grade").click()
    app.locator("[data-cy^=selector-result-]").get_by_text("poor", exact=True).click()
    scores = Scorer(["nr"], device="cpu").run(Item(path, path) for path in served.values["path"])
    poor = sum(score.measurements["nr"].grade == "poor" for score in scores)
    assert 0 < poor < len(served.values["path"])
    expect_count(app, poor)
    screenshot(app, "nr-poor")


def test_a_model_learns_from_labels_and_says_what_to_label_next(app, served):
    n, labels = len(served.values["path"]), served.values["labels"]
    open_form(app, served, "Train a quality model")
    app.get_by_role("combobox").last.click()
    app.get_by_role("option", name="rating", exact=True).click()
    # What is declared of the opinions, lower is better, is not said of the user's own labels.
    expect(app.get_by_role("radio", name="Higher is better")).to_be_checked()
    expect(app.get_by_text(f"Learns from {labels} labels of {n} images")).to_be_visible()
    screenshot(app, "train-form")
    app.get_by_role("button", name="Execute", exact=True).click()
    trained = app.get_by_text(re.compile(rf"Cross-validated on {labels} labels: SRCC -?0\.\d+"))
    served.expect(app, lambda: expect(trained).to_be_visible())
    # How good it is comes before it is applied, and only if wanted.
    expect(
        app.get_by_text(re.compile(r"miss the labels by [\d.]+ of 100 .* less than the labels' mean"))
    ).to_be_visible()
    screenshot(app, "trained")
    app.get_by_role("button", name="Done").click()
    open_operator(app, "Apply a quality model")
    expect(trained).to_be_visible()
    expect(app.get_by_text(f"Scores {n} images with it")).to_be_visible()
    screenshot(app, "apply-form")
    app.get_by_role("button", name="Execute", exact=True).click()
    applied = app.get_by_text(f"{n} images now have a score in my_quality")
    served.expect(app, lambda: expect(applied).to_be_visible())
    screenshot(app, "applied")
    app.get_by_role("button", name="Done").click()
    app.get_by_text("Unsaved view").click()
    app.get_by_text("label next for my_quality").click()
    expect_count(app, min(n - labels, served.values["uncertain"]))
    screenshot(app, "label-next")
