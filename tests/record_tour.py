"""Cleans a folder of photographs in the FiftyOne App as a user would, and records it.

``python tests/record_tour.py PHOTOS OUT.webp [FOLDER]`` serves the App on a home and a database of its own, drives it
by the system's Chromium, prints as JSON how long each step took, and writes an animated picture of them; with FOLDER
also a picture of each step, ``clean-1.webp`` and so on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from deepmse.app.ports import free_port
from PIL import Image
from playwright.sync_api import Locator, Page, expect, sync_playwright
from waiting import answers

REPOSITORY = Path(__file__).parents[1]
SIZE = {"width": 1400, "height": 860}
WIDTH = 1000
SECONDS = 1800
"""How long a step may take."""
FRAME_MS, LAST_MS = 2200, 4500
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

SERVE = """
import sys, time
start = time.perf_counter()
import fiftyone as fo
from deepmse.plugin.panel.launch import launch_app, workspace
dataset = fo.Dataset.from_images_dir(sys.argv[1], name="photographs")
print(f"{len(dataset)} {time.perf_counter() - start}", flush=True)
dataset.save_workspace("curation", workspace("quality_curation"))
session = launch_app(dataset, port=int(sys.argv[2]), remote=True)
sys.stdin.read()
"""


@dataclass
class Tour:
    """Steps that were taken.

    Attributes:
        page: the App
        steps: each step's words and seconds
        frames: a picture of the App after each
    """

    page: Page
    steps: list[tuple[str, float]] = field(default_factory=list)
    frames: list[Image.Image] = field(default_factory=list)

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Time what is done inside, and take a picture of what came of it."""
        start = time.perf_counter()
        yield
        self.steps.append((words, time.perf_counter() - start))
        self.shoot()

    def shoot(self) -> None:
        """Take a picture."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(2500)  # for thumbnails and transitions
        shot = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append(shot.resize((WIDTH, round(WIDTH * shot.height / shot.width)), Image.Resampling.LANCZOS))


def clean(tour: Tour, address: str, images: int) -> int:
    """Score photographs, look at the worst, and decide; how many are rejected."""
    page = tour.page
    count = page.locator("[data-cy=entry-counts]")
    panel = page.locator("[data-cy=panel-content-quality_curation]")

    def button(name: str, within: Locator | Page = panel) -> Locator:
        return within.get_by_role("button", name=name, exact=True)

    with tour.step("open the App with the panel"):
        page.goto(address)
        page.wait_for_url("**/datasets/*")
        page.goto(f"{address}/datasets/photographs?workspace=curation")
        button("Score images").wait_for()
        expect(count).to_have_text(re.compile(rf"^{images:,}\s+samples$"))
    with tour.step("open the form"):
        button("Score images").click()
        button("Execute", page).wait_for()
    with tour.step("score"):
        button("Execute", page).click()
        page.get_by_text("Recorded as the run nr_1").wait_for()
    with tour.step("see how the scores spread"):
        button("Done", page).click()
        panel.locator(".barlayer .point").first.wait_for()
    with tour.step("set a threshold"):
        whole = count.inner_text()
        panel.get_by_role("slider").press("PageUp")
        expect(count).not_to_have_text(whole)
    with tour.step("reject what lies beyond it"):
        button("Reject").click()
        panel.get_by_role("button", name="Undo: review: reject").wait_for()
    with tour.step("take their names home"), page.expect_download() as download:
        button("Export list").click()
    return len(Path(download.value.path()).read_text().splitlines()) - 1


@contextmanager
def served(photos: Path) -> Iterator[tuple[str, int, float]]:
    """The App on photographs: its address, how many there are, and the seconds that loading them took."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "plugins").mkdir()
        (home / "plugins" / "image-quality").symlink_to(REPOSITORY)
        environment = {
            **os.environ,
            "HOME": folder,
            "FIFTYONE_DATABASE_DIR": str(home / "db"),
            "FIFTYONE_DATABASE_VALIDATION": "false",
            "FIFTYONE_DO_NOT_TRACK": "true",
            "FIFTYONE_PLUGINS_DIR": str(home / "plugins"),
            "FIFTYONE_SHOW_PROGRESS_BARS": "false",
        }
        port = free_port()
        command = [sys.executable, "-c", SERVE, str(photos.absolute()), str(port)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        server = subprocess.Popen(command, env=environment, text=True, start_new_session=True, **pipes)
        try:
            number, seconds = server.stdout.readline().split()
            address = f"http://localhost:{port}"
            while not answers(address):
                if server.poll() is not None:
                    raise SystemExit(f"the App ended with status {server.returncode}")
                time.sleep(0.5)
            yield address, int(number), float(seconds)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def main(photos: Path, out: Path, folder: Path | None = None) -> None:
    """Take the tour, and write what was seen."""
    start = time.perf_counter()
    with served(photos) as (address, images, loading), sync_playwright() as playwright:
        ready = time.perf_counter() - start
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(1000 * SECONDS)
        expect.set_options(timeout=1000 * SECONDS)
        page.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
        tour = Tour(page)
        rejected = clean(tour, address, images)
        browser.close()
    first, *others = tour.frames
    durations = [FRAME_MS] * len(others) + [LAST_MS]
    first.save(out, save_all=True, append_images=others, duration=durations, loop=0, quality=80, method=6)
    if folder is not None:
        for number, frame in enumerate(tour.frames, 1):
            frame.save(folder / f"clean-{number}.webp", quality=80, method=6)
    steps = {"load the folder": loading, "start the App": ready - loading, **dict(tour.steps)}
    print(json.dumps({"photographs": images, "rejected": rejected, "seconds": steps}, indent=2))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
