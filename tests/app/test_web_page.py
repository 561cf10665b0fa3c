"""The web page in a browser, served by a process of its own."""

import json
import os
import re
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.app.web.records import unpack
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from gradio_client import Client, handle_file
from PIL import Image, ImageFilter
from playwright.sync_api import expect

from ..waiting import QUIET_S

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
def server(web_server) -> str:
    """The page's address."""
    return web_server.address


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
    page.get_by_role("tab", name="Judge").click()


def screenshot(page, name: str) -> None:
    folder = os.environ.get("DEEPMSE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.mouse.move(0, 0)
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

    pictures_shown = web.locator("#comparison [data-part=plane] img:not([data-layer])")
    expect(pictures_shown).to_have_count(2)
    for shown in pictures_shown.all():
        expect(shown).to_be_visible()
        assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [192, 128]


def test_pictures_and_maps_lie_over_each_other_under_keys_and_pointer(web, pictures):
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", pictures.distorted)
    press(web, "Compare")
    window = web.locator("#comparison [data-part=window]")
    second = web.get_by_alt_text("Distorted", exact=True)
    box = window.bounding_box()

    def clipped() -> float:
        return float(re.search(r"([\d.]+)px\)$", second.evaluate("image => image.style.clipPath")).group(1))

    # From the first, before anything is touched.
    assert clipped() == pytest.approx(box["width"] / 2, abs=1)
    slider = web.get_by_role("slider", name="Map opacity")
    error_map = web.get_by_alt_text("Map of the error, brighter where it is stronger: all stages")
    for percent, opacity in (("0", "0"), ("80", "0.8")):
        slider.fill(percent)
        expect(error_map).to_have_css("opacity", opacity)
    assert error_map.bounding_box() == second.bounding_box()
    web.get_by_role("combobox", name="Map", exact=True).select_option("fire3")
    expect(error_map).to_be_hidden()
    expect(web.get_by_alt_text("brighter where it is stronger: fire3")).to_be_visible()

    web.get_by_role("slider", name="Divider").fill("25")
    assert clipped() == pytest.approx(box["width"] / 4, abs=1)
    window.scroll_into_view_if_needed()
    box = window.bounding_box()
    web.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    web.mouse.down()
    web.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20)
    web.mouse.up()
    assert clipped() == pytest.approx(box["width"] * 0.75, abs=2)

    window.focus()
    for _ in range(9):
        web.keyboard.press("+")
    expect(web.locator("#comparison [data-part=scale]")).to_have_text("1600 %")
    assert second.bounding_box()["width"] == pytest.approx(16 * 192, rel=1e-3)
    expect(second).to_have_css("image-rendering", "pixelated")
    web.keyboard.press("0")
    assert second.bounding_box()["width"] == pytest.approx(box["width"], abs=1)

    flicker = web.get_by_role("button", name="Flicker")
    web.keyboard.press("f")
    expect(flicker).to_have_attribute("aria-pressed", "true")
    for name in ("Distorted", "Reference"):
        expect(window.get_by_text(name, exact=True)).to_be_hidden()
    flicker.click()
    expect(window.get_by_text("Reference", exact=True)).to_be_visible()
    expect(window.get_by_text("Distorted", exact=True)).to_be_visible()


def test_pictures_of_different_shapes_are_cropped_fitted_or_not_scored(web, pictures, tmp_path):
    tall = tmp_path / "tall.png"
    Image.open(pictures.distorted).convert("RGB").crop((32, 0, 128, 128)).save(tall)
    choose(web, "reference", pictures.reference)
    choose(web, "distorted", tall)
    press(web, "Compare")
    expect(web.locator("#comparison").get_by_role("alert")).to_contain_text("different shapes")
    press(web, "Cancel")
    expect(web.get_by_role("alert")).to_have_count(0)
    press(web, "Compare")
    press(web, "Crop both to 96 × 128")
    expect(web.get_by_test_id("score")).to_be_visible()
    expect(web.locator("#comparison footer")).to_contain_text("cropped at their centres")
    expect(web.get_by_role("button", name="Cancel")).to_have_count(0)
    score = web.get_by_test_id("score").inner_text()
    web.get_by_role("button", name="Share").locator("visible=true").click()
    link = web.get_by_role("region", name="Link to these numbers").locator("pre").inner_text()
    told = unpack(link.partition("#")[2])
    assert told["choices"] == [[], "crop"]
    assert told["result"]["score"] == pytest.approx(float(score), rel=1e-3)
    choose(web, "distorted", pictures.distorted)
    expect(web.get_by_role("region", name="Link to these numbers")).to_have_count(0)


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
    rows = web.locator("#comparison").get_by_role("table", name="Other metrics").locator("tbody tr:not(.dm-like)")
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
    assert int(web.locator("#judgement").get_by_test_id("score").inner_text()) == round(measured.value)
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

    quality = web.locator("#judgement-map")
    expect(quality).to_contain_text("overlapping windows of 224 × 224 pixels")
    choose(web, "picture", pictures.reference)
    expect(web.locator("#judgement")).to_contain_text("The judgement comes here")
    expect(quality.get_by_role("img")).to_have_count(0)


def test_broken_picture_is_not_judged(web, pictures):
    show_judging(web)
    choose(web, "picture", pictures.broken)
    press(web, "Judge")
    expect(web.locator("#judgement").get_by_role("alert")).to_contain_text("Picture “broken.png”")
    expect(web.locator("#judgement").get_by_test_id("score")).to_have_count(0)


def test_examples_fit_the_page_and_nothing_is_fetched_from_elsewhere(page, server):
    pytest.importorskip("skimage")
    pytest.importorskip("piq")
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
    page.goto(server)
    expect(page.locator("#comparison-example")).to_contain_text("An example", timeout=ANSWER_TIMEOUT_MS)
    press(page, "Blur")
    expect(page.locator("#distorted-note")).to_contain_text("chelsea")
    pick(page, "PSNR", "SSIM", "GMSD")
    press(page, "Compare")
    for look in looks(page, 1280, 380):
        assert_in_frame(page, buttons=5)
        screenshot(page, f"web-{look}")

    show_judging(page)
    press(page, "Blurred")
    expect(page.locator("#picture-note")).to_contain_text("chelsea")
    pick(page, "PIQE")
    press(page, "Judge")
    expect(page.locator("#judgement-map img")).to_have_count(2)
    for look in looks(page, 1280, 380):
        assert_in_frame(page, buttons=3)
        screenshot(page, f"web-judge-{look}")
    assert hosts - {""} == {server.split("/")[2]}


@pytest.mark.parametrize("width", [320, 360, 375, 390])
def test_every_tab_can_be_seen_on_a_phone(page, server, width):
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(server)
    for title in ("Compare", "Judge", "Batch", "Codecs"):
        tab = page.get_by_role("tab", name=title, exact=True).locator("visible=true")
        expect(tab).to_be_in_viewport()
        box = tab.bounding_box()
        assert box["x"] + box["width"] <= width


def looks(page, *widths: int) -> Iterator[str]:
    """Show a page at each width, light and dark, and tell of each how it is shown."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            yield f"{width}-{scheme}"
        assert page.evaluate("document.documentElement.scrollWidth") == width


def assert_in_frame(page, buttons: int) -> None:
    """The result is there; nothing of it, and no button, reaches beyond the page."""
    frame = page.get_by_role("region", name="Result", exact=True)
    expect(frame).to_have_count(1, timeout=ANSWER_TIMEOUT_MS)
    boxes = [button.bounding_box() for button in page.locator(".dm-actions button").locator("visible=true").all()]
    boxes.append(frame.bounding_box())
    margin = page.locator(".dm-header").bounding_box()
    assert len(boxes) == buttons + 1
    assert all(
        margin["x"] <= box["x"] and box["x"] + box["width"] <= margin["x"] + margin["width"] + 1 for box in boxes
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> list[Path]:
    """Ten blurred and noisy pictures, and one that is broken."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(2)
    paths = []
    for index in range(10):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        paths.append(folder / f"{index:02}.jpg")
        coarse.resize((320, 240), Image.Resampling.BICUBIC).save(paths[-1], quality=10 * index + 3)
    paths.append(folder / "broken.jpg")
    paths[-1].write_bytes(paths[0].read_bytes()[:500])
    return paths


def score_batch(page, paths: list[Path], *metrics: str) -> None:
    page.get_by_role("tab", name="Batch").click()
    page.locator("#batch-files input[type=file]").set_input_files(paths)
    expect(page.locator("#batch-files .file")).to_have_count(len(paths))
    press(page, "Score")


def numbers(page, column: int) -> list[float]:
    """A column of the batch's table, from the top, without rows that have no score."""
    cells = page.locator(f".dm-rows tbody tr[data-score] > :nth-child({column})")
    return [float(text.split()[0].replace("−", "-")) for text in cells.all_inner_texts()]


@pytest.mark.parametrize("width", [1280, 380])
def test_a_batch_is_scored_sorted_split_and_taken_home(page, server, photos, tmp_path, width):
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.set_viewport_size({"width": width, "height": 900})
    page.set_default_timeout(ANSWER_TIMEOUT_MS)
    page.goto(server)
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in photos:
            file.write(path, f"holiday/{path.name}")
    score_batch(page, [archive])
    expect(page.get_by_test_id("kept")).to_be_visible()
    values = [score.measurements["nr"].value for score in Scorer(["nr"], device="cpu").run(map(item, photos[:10]))]
    np.testing.assert_allclose(numbers(page, 3), values, rtol=1e-3)
    expect(page.locator(".dm-batch")).to_contain_text("10 of 11 pictures scored")
    expect(page.locator(".dm-rows tr", has_text="broken.jpg")).to_contain_text("truncated")

    header = page.locator(".dm-rows thead").get_by_role("button", name="NR")
    for order, expected in (("ascending", sorted(values)), ("descending", sorted(values, reverse=True))):
        header.click()
        expect(page.locator(f".dm-rows [aria-sort={order}]")).to_have_count(1)
        np.testing.assert_allclose(numbers(page, 3), expected, rtol=1e-3)

    slider = page.get_by_label("Threshold")
    for threshold in (float(slider.get_attribute("min")), float(slider.get_attribute("max")), np.median(values)):
        slider.fill(f"{threshold:.1f}")
        kept = sum(value >= float(slider.input_value()) for value in values)
        expect(page.get_by_test_id("kept")).to_have_text(str(kept))
        expect(page.get_by_test_id("rejected")).to_have_text(str(10 - kept))
        expect(page.locator(".dm-rows .dm-rejected")).to_have_count(10 - kept)
    with page.expect_download() as download:
        press(page, "Kept pictures (zip)")
    assert download.value.suggested_filename == "kept.zip"
    with zipfile.ZipFile(download.value.path()) as file:
        best = [path for path, value in zip(photos, values, strict=False) if value >= float(slider.input_value())]
        assert file.namelist() == [f"holiday/{path.name}" for path in best]
        assert len(best) == kept

    best = photos[int(np.argmax(values))].name
    page.locator(".dm-rows").get_by_role("button", name=best).click()
    expect(page.get_by_role("region", name="Picture").get_by_text(f"holiday/{best}")).to_be_visible()
    expect(page.locator("#batch-picture img")).to_be_in_viewport()
    for look in looks(page, width):
        screenshot(page, f"web-batch-{look}")
    assert errors == []


def test_a_stopped_batch_keeps_what_it_has_and_gives_way_to_the_next(web, photos, tmp_path):
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for index in range(1000):
            file.write(photos[index % 10], f"{index:03}.jpg")
    score_batch(web, [archive])
    expect(web.locator(".dm-rows tbody tr").first).to_be_visible()
    press(web, "Stop")
    expect(web.locator(".dm-summary")).to_contain_text("stopped after")
    scored = web.locator(".dm-rows tbody tr").count()
    assert 0 < scored < 1000
    with web.expect_download() as download:
        press(web, "All scores (CSV)")
    assert len(download.value.path().read_text().splitlines()) == 1 + scored
    data = Client(web.url, verbose=False).predict([handle_file(photos[0])], api_name="/batch")
    assert data["scored"] == 1


@pytest.mark.parametrize("width", [1280, 380])
def test_a_codec_ladder_shows_the_smallest_good_files(page, server, pictures, width):
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.set_viewport_size({"width": width, "height": 900})
    page.set_default_timeout(ANSWER_TIMEOUT_MS)
    page.goto(server)
    page.get_by_role("tab", name="Codecs").click()
    choose(page, "original", pictures.distorted)
    for codec in ("AVIF", "JPEG XL"):
        page.get_by_label(codec).uncheck()
    box = page.get_by_role("combobox", name="Metrics", exact=True).locator("visible=true")
    box.click()
    box.fill("PSNR")
    page.get_by_role("option", name="PSNR", exact=True).click()
    box.press("Escape")
    press(page, "Compress")
    expect(page.locator(".dm-chart")).to_have_count(2)

    rows = page.locator(".dm-smallest tr[data-row]")
    files = [
        (row.get_attribute("data-codec"), float(row.get_attribute("data-score")), int(row.get_attribute("data-row")))
        for row in rows.all()
    ]
    assert {codec for codec, *_ in files} == {"JPEG", "WebP", "JPEG 2000"}
    scores = sorted(score for _, score, _ in files)
    slider = page.get_by_role("slider", name="DeepMSE")
    for place in (0, len(scores) // 3, len(scores) - 1):
        slider.fill(str(place))
        # The rows stand from the smallest file on.
        smallest = {}
        for codec, score, row in files:
            if score <= scores[place]:
                smallest.setdefault(codec, row)
        visible = [row.get_attribute("data-row") for row in rows.locator("visible=true").all()]
        assert visible == [str(row) for row in smallest.values()]
        expect(page.locator(".dm-smallest tr[data-none]:not([hidden])")).to_have_count(3 - len(smallest))

    slider.fill(str(len(scores) // 3))
    rows.locator("visible=true").first.click()
    window = page.locator("#ladder-file [data-part=window]")
    expect(window).to_be_in_viewport()
    window.focus()
    page.keyboard.press("+")
    scale = page.locator("#ladder-file [data-part=scale]")
    zoomed = scale.inner_text()
    assert zoomed != "fit"
    point = page.locator(".dm-plot button.dm-shown + button").first
    name, _ = point.get_attribute("aria-label").split(":")
    point.press("Enter")
    expect(window.locator("[data-part=second-name]")).to_have_text(name)
    expect(scale).to_have_text(zoomed)
    with page.expect_download() as download:
        page.locator("#ladder-file").get_by_role("button", name=re.compile("Download")).click()
    [shown] = page.locator(".dm-smallest tr.dm-shown").all()
    with Image.open(download.value.path()) as file:
        assert (
            file.format
            == {"JPEG": "JPEG", "WebP": "WEBP", "JPEG 2000": "JPEG2000"}[shown.get_attribute("data-codec")]
        )
        file.load()
    score = score_pairs([(pictures.distorted, download.value.path())], device="cpu")[0].measurements["deepmse"].value
    assert score == pytest.approx(float(shown.get_attribute("data-score")), rel=1e-4)
    for look in looks(page, width):
        screenshot(page, f"web-codecs-{look}")
    assert errors == []

    page.locator("#original-image").get_by_role("button", name=re.compile("Clear|Remove")).click()
    expect(page.locator(".dm-ladder")).to_have_count(0)


def test_api_compresses_by_codecs(server, pictures):
    client = Client(server, verbose=False)
    data = client.predict(handle_file(pictures.reference), ["JPEG"], ["psnr"], api_name="/codecs")
    assert {file["codec"] for file in data["files"]} == {"JPEG"}
    qualities = [file["quality"] for file in data["files"]]
    assert qualities == sorted(qualities)
    assert all(file["scores"]["psnr"] > 20 for file in data["files"])


def item(path: Path) -> Item:
    return Item(path.name, dist=path)


def test_api_scores_a_batch(server, photos):
    client = Client(server, verbose=False)
    data = client.predict([handle_file(path) for path in photos], ["piqe"], api_name="/batch")
    [expected] = Scorer(["piqe"], device="cpu").run([item(photos[3])])
    assert data["rows"][3] == {"dist": "03.jpg", "piqe": f"{expected.measurements['piqe'].value:.9g}", "error": ""}
    assert (data["pairs"], data["scored"], data["failed"]) == (11, 10, 1)


def test_api_returns_data(server, pictures):
    client = Client(server, verbose=False)
    pair = (handle_file(pictures.reference), handle_file(pictures.distorted))
    data = client.predict(*pair, api_name="/compare")
    [expected] = score_pairs([(pictures.reference, pictures.distorted)], device="cpu")
    assert data["score"] == pytest.approx(expected.measurements["deepmse"].value, rel=1e-6)
    assert len(data["stages"]) == 5
    assert data["metrics"] == {}

    data = client.predict(*pair, metrics=["psnr"], api_name="/compare")
    [expected] = score_pairs([(pictures.reference, pictures.distorted)], ["psnr"], device="cpu")
    assert data["metrics"]["psnr"]["score"] == pytest.approx(expected.measurements["psnr"].value, rel=1e-6)


def test_api_judges(server, pictures):
    [expected] = Scorer(["nr"], device="cpu").run([Item(0, dist=pictures.distorted)])
    data = Client(server, verbose=False).predict(handle_file(pictures.distorted), api_name="/judge")
    assert data["score"] == pytest.approx(expected.measurements["nr"].value, rel=1e-4)
    assert data["interval"][0] < data["score"] < data["interval"][1]


DECLARED_A_FILE = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    ("endpoint", "inputs", "declared", "refusal"),
    [
        ("compare", lambda image: [image, image, [], "ask"], DECLARED_A_FILE, "event: error"),
        ("compare", lambda image: [image, image, [], "ask"], {}, "no uploaded file"),
        ("judge", lambda image: [image, []], DECLARED_A_FILE, "event: error"),
        ("judge", lambda image: [image, []], {}, "no uploaded file"),
        ("codecs", lambda image: [image, [], []], DECLARED_A_FILE, "event: error"),
        ("codecs", lambda image: [image, [], []], {}, "no uploaded file"),
        ("batch", lambda image: [[image], []], DECLARED_A_FILE, "event: error"),
        ("batch", lambda image: [[image], []], {}, "event: error"),
    ],
)
def test_api_reads_no_file_that_was_not_uploaded(server, pictures, endpoint, inputs, declared, refusal):
    image = {"path": str(pictures.reference), **declared}
    request = urllib.request.Request(
        f"{server}gradio_api/call/{endpoint}",
        data=json.dumps({"data": inputs(image)}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        event = json.load(response)["event_id"]
    with urllib.request.urlopen(f"{server}gradio_api/call/{endpoint}/{event}", timeout=120) as response:
        answer = response.read().decode()
    assert refusal in answer
    assert "score" not in answer
