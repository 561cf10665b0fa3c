"""How soon a browser shows the web page to who comes for the first time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Final

VISITS: Final = 5

FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

_PAINTED: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
_NOW: Final = "performance.now() / 1000"


@dataclass(frozen=True)
class FirstVisits:
    """What a browser with an empty cache waits for, medians in seconds from asking for the page on.

    Args:
        painted_s: until there is something to see
        usable_s: until there is the button to press
    """

    painted_s: float
    usable_s: float


def first_visits(address: str, button: str) -> FirstVisits | None:
    """Visit a page several times, one after the other; None where Playwright or a Chromium is missing.

    Args:
        address: of the page
        button: the button's name
    """
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None or find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright

    painted, usable = list[float](), list[float]()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        for _ in range(VISITS):
            context = browser.new_context()
            page = context.new_page()
            page.goto(address, wait_until="commit")
            page.get_by_role("button", name=button, exact=True).wait_for()
            usable.append(page.evaluate(_NOW))
            painted.append(page.evaluate(_PAINTED))
            context.close()
        browser.close()
    return FirstVisits(median(painted), median(usable))
