"""Every tab of the web page, with and without a result, before axe-core: light and dark, wide and narrow."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from .conftest import TIMEOUT_MS

pytestmark = pytest.mark.browser

#: What axe-core says of Gradio's own pieces, which no page can mend, by rule and what the piece's HTML has in it.
GRADIOS_OWN = {
    # Its button that takes more files holds the browser's own input of files.
    "nested-interactive": 'aria-label="common.upload"',
}

#: Whether every result that is shown is so at full strength.
OPAQUE = """() => {
  const opaque = element => !element || (getComputedStyle(element).opacity === '1' && opaque(element.parentElement));
  return [...document.querySelectorAll('.dm-result')].every(opaque);
}"""


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    coarse = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).save(path)
    return path


def serious(page) -> list[str]:
    """What axe-core finds serious or critical, each with the HTML that it is about."""
    # What is under way is faded, and has less contrast.
    page.wait_for_function(OPAQUE)
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:300]}\n{node.get('failureSummary', '')}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
        if not re.search(GRADIOS_OWN.get(each["id"], "(?!)"), node["html"])
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (380, "light")])
def test_nothing_on_any_tab_is_seriously_hard_to_reach(page, web_server, photo, width, scheme):
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.set_default_timeout(TIMEOUT_MS)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(web_server.address)
    expect(page.get_by_role("tab", name="Compare")).to_be_visible()
    problems = {"at first": serious(page)}

    def put(role: str) -> None:
        page.locator(f"#{role}-image input[type=file]").set_input_files(photo)
        expect(page.locator(f"#{role}-note")).to_contain_text(photo.name)

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()

    put("reference")
    put("distorted")
    press("Compare")
    score = page.locator("#comparison").get_by_test_id("score").inner_text()
    page.get_by_role("button", name="Share").locator("visible=true").click()
    link = page.get_by_role("region", name="Link to these numbers").locator("pre")
    expect(link).to_contain_text(web_server.address)
    address = link.inner_text()
    problems["Compare"] = serious(page)

    page.get_by_role("tab", name="Judge").click()
    put("picture")
    press("Judge")
    expect(page.locator(".dm-judgement")).to_be_visible()
    expect(page.locator("#judgement-map img")).to_have_count(2)
    problems["Judge"] = serious(page)

    page.get_by_role("tab", name="Batch").click()
    page.locator("#batch-files input[type=file]").set_input_files(photo)
    expect(page.locator("#batch-files .file")).to_have_count(1)
    press("Score")
    expect(page.get_by_test_id("kept")).to_be_visible()
    page.locator(".dm-rows tbody button").click()
    expect(page.locator("#batch-picture img")).to_be_visible()
    problems["Batch"] = serious(page)

    page.get_by_role("tab", name="Codecs").click()
    put("original")
    for codec in ("WebP", "AVIF", "JPEG 2000", "JPEG XL"):
        page.get_by_label(codec, exact=True).uncheck()
    press("Compress")
    expect(page.locator(".dm-chart")).to_have_count(1)
    page.locator(".dm-plot button").last.click()
    expect(page.locator("#ladder-file img").first).to_be_visible()
    problems["Codecs"] = serious(page)

    sent = page.context.new_page()
    sent.goto(address)
    record = sent.get_by_role("region", name="Result in the link")
    expect(record.get_by_role("cell", name=score, exact=True)).to_be_visible()
    expect(record).to_contain_text(photo.name)
    problems["link"] = serious(sent)

    assert {tab: found for tab, found in problems.items() if found} == {}
    assert said == []
