"""Records the README's moving picture from the App: ``make picture``.

From the table of agreement to the images behind one of its numbers, and back; then which differences are more than
chance, and the residuals. Needs the test data: the pictures are LIVE's.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import Served, expect_count
from .test_panel import METRICS, cells, groups, open_scored, open_tab, panel

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "tour.gif"
WIDTH, COLOURS, LARGEST = 1000, 128, 2_000_000
#: How long a frame stays, in milliseconds.
STAY = 2200


class Film:
    """Pictures of what the App shows, one after the other."""

    def __init__(self, app: Page) -> None:
        self._app = app
        self._frames: list[Image.Image] = []

    def take(self) -> None:
        """Take a picture once thumbnails and transitions have come to rest."""
        self._app.wait_for_timeout(3000)
        picture = Image.open(io.BytesIO(self._app.screenshot())).convert("RGB")
        self._frames.append(
            picture.resize((WIDTH, picture.height * WIDTH // picture.width), Image.Resampling.LANCZOS)
        )

    def save(self, path: Path) -> None:
        """Write all as a GIF that goes round."""
        frames = [frame.quantize(COLOURS, dither=Image.Dither.NONE) for frame in self._frames]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=STAY, loop=0, optimize=True)


def test_the_tour_is_recorded(app, served: Served, test_data):
    film = Film(app)
    open_scored(app, served)
    app.mouse.move(0, 0)
    film.take()
    # The number where two metrics differ most: PSNR on the second type.
    cells(app).nth(2 * len(METRICS) + 1).hover(force=True)
    film.take()
    cells(app).nth(2 * len(METRICS) + 1).click(force=True)
    expect_count(app, Counter(served.values["distortion"])[groups(served)[1]])
    app.mouse.move(0, 0)
    film.take()
    panel(app).get_by_role("button", name="Reset grid").click()
    expect_count(app, len(served.values["target"]))
    for tab in ("Significance", "Residuals"):
        open_tab(app, tab)
        expect(panel(app).locator(".js-plotly-plot").first).to_be_visible()
        app.mouse.move(0, 0)
        film.take()
    film.save(PICTURE)
    assert PICTURE.stat().st_size <= LARGEST
