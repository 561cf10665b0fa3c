"""A headless Chromium for browser tests, and a FiftyOne App for it.

With DEEPMSE_SCREENSHOTS set to a folder, the tests leave pictures of what they saw there.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from deepmse.app.ports import free_port
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ..waiting import QUIET_S, WORK_S, answers, processor_time, wait_for

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_MS = QUIET_S * 1000
"""How long a page may show no sign of what it is waited for."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
]


# Not for the session: while Playwright runs, this thread has a running event loop, and FiftyOne's operators, which
# other tests call, then return tasks in place of results.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        assert "CI" not in os.environ, "no chromium on the PATH: it must be installed here"
        pytest.skip("no chromium on the PATH")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page in a context of its own."""
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    context.close()


@dataclass(frozen=True)
class Served:
    """An App, and what its dataset ``scored`` holds."""

    url: str
    values: dict
    server: psutil.Process

    def expect(self, page: Page, expectation: Callable[[], None]) -> None:
        """Wait for what the server works towards, as long as it works or the page changes.

        Args:
            page: the page
            expectation: one of Playwright's, which waits for :data:`TIMEOUT_MS`
        """
        while True:
            worked, shown = processor_time(self.server), page.inner_text("body")
            try:
                return expectation()
            except AssertionError:
                if processor_time(self.server) - worked < WORK_S and page.inner_text("body") == shown:
                    raise


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The App on a home, a database and a plugins folder of its own."""
    home = tmp_path_factory.mktemp("fiftyone")
    (home / "plugins").mkdir()
    (home / "plugins" / "image-quality").symlink_to(REPOSITORY)
    data = Path(os.environ.get("DEEPMSE_TEST_DATA", REPOSITORY.parent / "shared"))
    port = free_port()
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
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        written = wait_for(lambda: text_of(home / "values.json"), server, lambda: text_of(home / "log")[-3000:])
        yield Served(f"http://localhost:{port}", json.loads(written), psutil.Process(server.pid))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(QUIET_S)


#: Serves the web page, and writes down every address outside this machine that the server looks up or calls, but for
#: those where it seeks weights that are not here.
SERVE = """
import sys
port, outside = int(sys.argv[1]), open(sys.argv[2], "a", buffering=1)

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1][0] if event == "socket.connect" else arguments[0]
        if host not in (None, "127.0.0.1", "localhost", "::1", "0.0.0.0", "download.pytorch.org", "huggingface.co"):
            outside.write(f"{event} {host}\\n")

sys.addaudithook(watch)
from deepmse.app.web.page import Address, serve
serve(Address(port, mcp=True), device="cpu")
"""


@dataclass(frozen=True)
class WebServer:
    """The web page, served by a process of its own.

    Args:
        address: of the page
        uploads: the folder that its uploads are somewhere in
        outside: a file of addresses elsewhere that the server has called
        process: the server
    """

    address: str
    uploads: Path
    outside: Path
    process: subprocess.Popen


@pytest.fixture(scope="session")
def web_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """The web page."""
    port = free_port()
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port), str(folder / "outside")],
            env={**os.environ, "GRADIO_TEMP_DIR": str(folder / "uploads")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_for(lambda: answers(address), process, (folder / "log").read_text)
        yield WebServer(address, folder / "uploads", folder / "outside", process)
    finally:
        process.terminate()
        process.wait(QUIET_S)


def text_of(path: Path) -> str:
    """What a file holds, nothing where there is none."""
    return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def opened(browser: Browser, served: Served) -> None:
    """The App's process has opened its own dataset, as it does after the first page, whatever that page shows."""
    page = browser.new_page()
    page.goto(served.url)
    page.wait_for_url("**/datasets/*", timeout=TIMEOUT_MS)
    page.close()


@pytest.fixture
def app(page: Page, opened: None) -> Page:
    """A page with the App's greeting out of the way."""
    page.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
    return page


def screenshot(app: Page, name: str) -> None:
    """Leave a picture of what a test sees, where the environment asks for it."""
    if folder := os.environ.get("DEEPMSE_SCREENSHOTS"):
        app.mouse.move(0, 0)
        app.wait_for_timeout(3000)  # for thumbnails and transitions
        app.screenshot(path=Path(folder) / f"{name}.png")


def expect_count(app: Page, n: int) -> None:
    """Wait until the grid has n samples."""
    expect(app.locator("[data-cy=entry-counts]")).to_have_text(re.compile(rf"^{n}\s+samples?$"))
