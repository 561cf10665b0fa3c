"""The web page in a browser, served by a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from gradio_client import Client, handle_file
from PIL import Image, ImageFilter
from playwright.sync_api import expect

from ..waiting import QUIET_S, wait_for

pytestmark = pytest.mark.browser

ANSWER_TIMEOUT_MS = QUIET_S * 1000


@dataclass(frozen=True)
class Pictures:
    reference: Path
    distorted: Path
    broken: Path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Pictures:
    """A 16-bit reference, a distorted image with alpha: re-encoding either to 8-bit RGB would change the score."""
    folder = tmp_path_factory.mktemp("pictures")
    coarse = np.random.default_rng(1).integers(0, 256, (8, 12), dtype=np.uint8)
    grey = Image.fromarray(coarse).resize((192, 128), Image.Resampling.BICUBIC)
    reference = folder / "reference.png"
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(reference)
    distorted = folder / "distorted <b>.png"
    blurred = grey.convert("RGB").filter(ImageFilter.GaussianBlur(2))
    blurred.putalpha(Image.linear_gradient("L").resize(grey.size))
    blurred.save(distorted)
    broken = folder / "broken.png"
    broken.write_bytes(reference.read_bytes()[:300])
    return Pictures(reference, distorted, broken)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """The page's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from deepmse.app.web.page import serve; serve({port}, device='cpu')"],
            env={**os.environ, "GRADIO_TEMP_DIR": str(folder / "uploads")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}/"
            wait_for(lambda: _answers(address), process, (folder / "log").read_text)
            yield address
        finally:
            process.terminate()
            process.wait(QUIET_S)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


@pytest.fixture
def web(page, server):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.set_default_timeout(ANSWER_TIMEOUT_MS)
    page.goto(server)
    return page


def choose(page, role: str, path: Path) -> None:
    page.locator(f"#{role}-image input[type=file]").set_input_files(path)
    expect(page.locator(f"#{role}-note")).to_contain_text(path.name)


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def pick(page, *titles: str) -> None:
    """Choose other metrics in the tab that is shown."""
    box = page.get_by_role("combobox", name="Other metrics").locator("visible=true")
    box.click()
    for title in titles:
        box.fill(title)
        page.get_by_role("option", name=title, exact=True).click()
    box.press("Escape")


def show_judging(page) -> None:
    page.get_by_role("tab", name="Judge one picture").click()


def screenshot(page, name: str) -> None:
    folder = os.environ.get("DEEPMSE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")


def test_uploaded_pair_gets_the_score_of_the_files_themselves(web, pictures):
    [expected] = score_pairs([(pictures.reference, pictures.distorted)], device="cpu")
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", pictures.distorted)
    press(web, "Compare")
    shown = web.get_by_test_id("score").inner_text()
    assert float(shown.replace(",", "")) == pytest.approx(expected.measurements["deepmse"].value, rel=1e-3)

    expect(web.locator(".dm-bar")).to_have_count(5)
    widths = web.locator(".dm-bar span").evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    stages = expected.measurements["deepmse"].stages
    np.testing.assert_allclose(np.divide(widths, max(widths)), np.divide(stages, max(stages)), atol=0.02)
    expect(web.locator(".dm-result")).to_contain_text("alpha composited on white")


def test_map_opacity_follows_the_slider(web, pictures):
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", pictures.distorted)
    press(web, "Compare")
    slider = web.get_by_label("Map opacity")
    error_map = web.get_by_alt_text(re.compile("Map of the error"))
    for percent, opacity in (("0", "0"), ("80", "0.8")):
        slider.fill(percent)
        expect(error_map).to_have_css("opacity", opacity)
    picture = web.locator(".dm-overlay").get_by_alt_text("The distorted image")
    assert error_map.bounding_box() == picture.bounding_box()


def test_broken_file_gives_a_message_and_no_number(web, pictures):
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", pictures.broken)
    expect(web.locator("#distorted-note .dm-failed")).to_contain_text("truncated")
    press(web, "Compare")
    alert = web.locator("#comparison").get_by_role("alert")
    expect(alert).to_contain_text("Distorted image “broken.png”")
    expect(web.get_by_test_id("score")).to_have_count(0)
    screenshot(web, "web-broken-file")


def test_missing_image_gives_a_message_and_no_number(web, pictures):
    choose(web, "reference", pictures.reference)
    press(web, "Compare")
    expect(web.locator("#comparison").get_by_role("alert")).to_contain_text("no distorted image")
    expect(web.get_by_test_id("score")).to_have_count(0)


def test_file_that_is_no_image_is_refused(web, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader")
    web.locator("#reference-image input[type=file]").set_input_files(path)
    expect(web.get_by_test_id("toast-body")).to_contain_text("letter.txt")
    press(web, "Compare")
    expect(web.locator("#comparison").get_by_role("alert")).to_contain_text("no reference image")


def test_swap_exchanges_the_images_and_removes_the_result(web, pictures):
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", pictures.distorted)
    press(web, "Compare")
    expect(web.get_by_test_id("score")).to_be_visible()
    press(web, "⇄ Swap")
    expect(web.locator("#reference-note")).to_contain_text(pictures.distorted.name)
    expect(web.locator("#distorted-note")).to_contain_text(pictures.reference.name)
    expect(web.get_by_test_id("score")).to_have_count(0)


def test_chosen_metrics_are_computed_and_the_others_not(web, pictures):
    [expected] = score_pairs([(pictures.reference, pictures.distorted)], ["psnr", "nlpd"], device="cpu")
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", pictures.distorted)
    pick(web, "NLPD", "PSNR")
    press(web, "Compare")
    rows = web.get_by_role("table", name="Other metrics").locator("tbody tr")
    expect(rows).to_have_count(2)
    for row, (title, name) in zip(rows.all(), (("PSNR", "psnr"), ("NLPD", "nlpd")), strict=True):
        assert row.get_by_role("rowheader").inner_text() == title
        shown = row.get_by_role("cell").first.inner_text()
        assert float(shown) == pytest.approx(expected.measurements[name].value, rel=1e-3)


def test_one_picture_is_judged(web, pictures):
    [expected] = Scorer(["nr", "piqe"], device="cpu").run([Item(0, dist=pictures.distorted)])
    show_judging(web)
    expect(web.locator("#judgement")).to_contain_text("The judgement comes here")
    choose(web, "picture", pictures.distorted)
    pick(web, "PIQE")
    press(web, "Judge")
    measured = expected.measurements["nr"]
    assert int(web.get_by_test_id("score").inner_text()) == round(measured.value)
    result = web.get_by_role("region", name="Result")
    expect(result).to_contain_text(measured.grade.capitalize())
    expect(result).to_contain_text("alpha composited on white")
    shown = result.get_by_role("table").get_by_role("cell").first.inner_text()
    assert float(shown) == pytest.approx(expected.measurements["piqe"].value, rel=1e-3)

    scale = web.locator(".dm-scale").bounding_box()
    band = web.locator(".dm-scale span").bounding_box()
    ends = [100 * (x - scale["x"]) / scale["width"] for x in (band["x"], band["x"] + band["width"])]
    reach = 1.96 * measured.deviation
    expected_ends = np.clip([measured.value - reach, measured.value + reach], 0, 100)
    np.testing.assert_allclose(ends, expected_ends, atol=0.5)

    choose(web, "picture", pictures.reference)
    expect(web.locator("#judgement")).to_contain_text("The judgement comes here")


def test_broken_picture_is_not_judged(web, pictures):
    show_judging(web)
    choose(web, "picture", pictures.broken)
    press(web, "Judge")
    expect(web.locator("#judgement").get_by_role("alert")).to_contain_text("Picture “broken.png”")
    expect(web.get_by_test_id("score")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_examples_fit_the_page_and_nothing_is_fetched_from_elsewhere(page, server, width, scheme):
    pytest.importorskip("skimage")
    pytest.importorskip("piq")
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
    page.set_viewport_size({"width": width, "height": 720})
    page.emulate_media(color_scheme=scheme)
    page.goto(server)
    press(page, "Blur")
    expect(page.locator("#distorted-note")).to_contain_text("chelsea")
    pick(page, "PSNR", "SSIM", "GMSD")
    press(page, "Compare")
    assert_in_frame(page, width, buttons=5)
    screenshot(page, f"web-{width}-{scheme}")

    show_judging(page)
    press(page, "Blurred")
    expect(page.locator("#picture-note")).to_contain_text("chelsea")
    pick(page, "PIQE")
    press(page, "Judge")
    assert_in_frame(page, width, buttons=3)
    screenshot(page, f"web-judge-{width}-{scheme}")
    assert hosts - {""} == {server.split("/")[2]}


def assert_in_frame(page, width: int, buttons: int) -> None:
    """The result is there; nothing of it, and no button, reaches beyond the page."""
    frame = page.locator(".dm-result").locator("visible=true")
    expect(frame).to_have_count(1, timeout=ANSWER_TIMEOUT_MS)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    boxes = [button.bounding_box() for button in page.locator(".dm-actions button").locator("visible=true").all()]
    boxes.append(frame.bounding_box())
    margin = page.locator(".dm-header").bounding_box()
    assert len(boxes) == buttons + 1
    assert all(
        margin["x"] <= box["x"] and box["x"] + box["width"] <= margin["x"] + margin["width"] + 1 for box in boxes
    )


def test_api_returns_data(server, pictures):
    client = Client(server, verbose=False)
    pair = (handle_file(pictures.reference), handle_file(pictures.distorted))
    data, _ = client.predict(*pair, api_name="/compare")
    [expected] = score_pairs([(pictures.reference, pictures.distorted)], device="cpu")
    assert data["score"] == pytest.approx(expected.measurements["deepmse"].value, rel=1e-6)
    assert len(data["stages"]) == 5
    assert data["metrics"] == {}

    data, _ = client.predict(*pair, metrics=["psnr"], api_name="/compare")
    [expected] = score_pairs([(pictures.reference, pictures.distorted)], ["psnr"], device="cpu")
    assert data["metrics"]["psnr"]["score"] == pytest.approx(expected.measurements["psnr"].value, rel=1e-6)


def test_api_judges(server, pictures):
    [expected] = Scorer(["nr"], device="cpu").run([Item(0, dist=pictures.distorted)])
    data, _ = Client(server, verbose=False).predict(handle_file(pictures.distorted), api_name="/judge")
    assert data["score"] == pytest.approx(expected.measurements["nr"].value, rel=1e-4)
    assert data["interval"][0] < data["score"] < data["interval"][1]


@pytest.mark.parametrize(("endpoint", "images"), [("compare", 2), ("judge", 1)])
@pytest.mark.parametrize(
    ("declared", "refusal"), [({"meta": {"_type": "gradio.FileData"}}, "event: error"), ({}, "no uploaded file")]
)
def test_api_reads_no_file_that_was_not_uploaded(server, pictures, endpoint, images, declared, refusal):
    image = {"path": str(pictures.reference), **declared}
    request = urllib.request.Request(
        f"{server}gradio_api/call/{endpoint}",
        data=json.dumps({"data": [image] * images + [[]]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        event = json.load(response)["event_id"]
    with urllib.request.urlopen(f"{server}gradio_api/call/{endpoint}/{event}", timeout=120) as response:
        answer = response.read().decode()
    assert refusal in answer
    assert "score" not in answer
