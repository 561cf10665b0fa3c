"""The panels for curators in the FiftyOne App, in a browser: thresholds and acts, and pairs."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ..waiting import QUIET_S
from .conftest import TIMEOUT_MS, Served, expect_count, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.interface]

CLICKS = 12
RELOADS = 3


def panel(app: Page, name: str) -> Locator:
    return app.locator(f"[data-cy=panel-content-{name}]")


def open_panel(app: Page, served: Served, dataset: str, name: str) -> Locator:
    """Open a dataset with a panel beside the grid."""
    app.goto(f"{served.url}/datasets/{dataset}?workspace={name.replace('_', '-')}")
    opened = panel(app, name)
    opened.wait_for()
    return opened


def wait_for_histogram(app: Page, opened: Locator) -> None:
    """Wait until bars are drawn; what the App asked before the server had all its operators, a reload asks again."""
    bars = opened.locator(".barlayer .point").first
    for _ in range(RELOADS):
        try:
            return bars.wait_for(timeout=TIMEOUT_MS / RELOADS)
        except PlaywrightTimeout:
            app.reload()
    bars.wait_for()


def click(opened: Locator, button: str, **options: bool) -> None:
    opened.get_by_role("button", name=button, **options).click()


def test_threshold_is_set_and_acted_on(app, served):
    app.set_viewport_size({"width": 1500, "height": 1000})
    opened = open_panel(app, served, "levels", "quality_curation")
    wait_for_histogram(app, opened)
    count = app.locator("[data-cy=entry-counts]")
    whole = count.inner_text()
    # While the panel is still being laid out, the slider moves away from under the pointer.
    for share in np.linspace(0.3, 0.5, CLICKS):
        rail = opened.locator(".MuiSlider-rail").bounding_box()
        app.mouse.click(rail["x"] + share * rail["width"], rail["y"] + rail["height"] / 2)
        app.wait_for_timeout(QUIET_S * 1000 / CLICKS)
        if count.inner_text() != whole:
            break
    expect(count).not_to_have_text(whole)
    told = opened.get_by_text(re.compile(r"^\d+ of \d+ images")).first.inner_text()
    beyond, total = map(int, re.match(r"(\d+) of (\d+) images", told).groups())
    assert 0 < beyond < total
    expect_count(app, beyond)
    screenshot(app, "curation")
    # What the last act was stays on its button, while notices come and go.
    for button, last in (
        ("Tag", f"Undo: tag “low quality” ({beyond})"),
        ("Undo: tag", "Nothing to undo"),
        ("Save view", "Undo: save view “low quality”"),
        ("Reject", f"Undo: review: reject ({beyond})"),
        ("Undo: review", "Undo: save view “low quality”"),
        ("Undo: save view", "Nothing to undo"),
    ):
        click(opened, button, exact=button == "Tag")
        expect(opened.get_by_role("button", name=last)).to_be_visible()
        expect_count(app, beyond)
    click(opened, "Reset grid")
    expect_count(app, total)


def test_pair_is_inspected_in_the_grid_and_beside_an_open_sample(app, served):
    opened = open_panel(app, served, "levels", "pair_inspector")
    pictures = opened.locator("g.images image, .imagelayer image, .layer-above image")
    pictures.first.wait_for()
    opened.locator(".scatterlayer .point").nth(1).click(force=True)
    expect(opened.get_by_text("at level 2")).to_be_visible()
    click(opened, "Stage maps")
    expect(opened.get_by_text("Where each stage sees a difference")).to_be_visible()
    screenshot(app, "inspector")
    # Its left half has the box that selects it.
    tile = app.locator("[data-cy=looker]").first.bounding_box()
    app.mouse.click(tile["x"] + 0.7 * tile["width"], tile["y"] + 0.8 * tile["height"])
    modal = app.locator("[data-cy=modal]")
    modal.get_by_text("Pair inspector").click()
    expect(modal.get_by_text("at level").first).to_be_visible()
    screenshot(app, "inspector-modal")
