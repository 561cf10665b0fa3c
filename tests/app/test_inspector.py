"""The panel on pairs in the FiftyOne App, in a browser."""

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Served, screenshot

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
