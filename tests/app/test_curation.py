"""The panels for curators in the FiftyOne App, in a browser: thresholds and acts, and pairs."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Served, expect_count, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.interface]


def panel(app: Page, name: str) -> Locator:
    return app.locator(f"[data-cy=panel-content-{name}]")


def open_panel(app: Page, served: Served, dataset: str, name: str) -> Locator:
    """Open a dataset with a panel beside the grid."""
    app.goto(f"{served.url}/datasets/{dataset}?workspace={name.replace('_', '-')}")
    opened = panel(app, name)
    opened.wait_for()
    return opened


def click(opened: Locator, button: str, **options: bool) -> None:
    opened.get_by_role("button", name=button, **options).click()


def test_threshold_is_set_and_acted_on(app, served):
    app.set_viewport_size({"width": 1500, "height": 1000})
    opened = open_panel(app, served, "levels", "quality_curation")
    opened.locator(".barlayer .point").first.wait_for()
    count = app.locator("[data-cy=entry-counts]")
    whole = count.inner_text()
    opened.get_by_role("slider").press("PageDown")
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
