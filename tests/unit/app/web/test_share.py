import json
import re
import urllib.parse
from html import unescape
from pathlib import Path

import gradio as gr
import pytest
from deepmse.app.web import page as web_page
from deepmse.app.web import records, share
from deepmse.app.web.snippets import Asked
from deepmse.app.web.tabs.base import Setup
from gradio.utils import get_upload_folder

from .pictures import upload

SKIP = gr.skip()


@pytest.fixture(scope="module")
def inputs() -> dict:
    """The components that each endpoint takes."""
    page = web_page.build(device="cpu")
    return {tab.endpoint: share.endpoint(page, tab.endpoint).inputs for tab in web_page.TABS}


@pytest.fixture
def setup() -> Setup:
    return Setup(get_upload_folder, device="cpu")


def test_a_link_chooses_what_its_result_was_made_with(setup, inputs):
    asked = Asked("codecs", ("a.png",), (["JPEG", "no such codec"], ["psnr", 3]))
    html, tabs, *values = share._arrived(setup, inputs, records.pack(records.record(asked, {"files": []})))
    assert html.visible
    assert tabs.selected == "codecs"
    assert values == [SKIP] * (4 + 2 + 2) + [SKIP, ["JPEG"], ["psnr"]]
    for given, shapes in (("crop", "crop"), ("no such choice", SKIP), (None, SKIP)):
        asked = Asked("compare", ("a.png", "b.png"), (["psnr"], given))
        _, _, *values = share._arrived(setup, inputs, records.pack(records.record(asked, {"score": 1})))
        assert values[:4] == [SKIP, SKIP, ["psnr"], shapes]


def test_a_link_opens_uploaded_pictures_and_no_others(setup, inputs, reference, distorted, tmp_path_factory):
    def opened(*files: object, endpoint: str = "compare") -> tuple:
        link = urllib.parse.quote(json.dumps({"endpoint": endpoint, "files": files}))
        return share._arrived(setup, inputs, f"open={link}")

    html, tabs, *values = opened(upload(reference), upload(distorted))
    assert html == SKIP
    assert tabs.selected == "compare"
    assert values[:2] == [str(reference), str(distorted)]
    assert values[2:] == [SKIP] * (len(values) - 2)

    private = tmp_path_factory.mktemp("private") / "private.png"
    private.write_bytes(reference.read_bytes())
    for file, words in (
        (upload(private), "no uploaded file"),
        ({"path": "/etc/passwd"}, "no uploaded file"),
        ("x", "no uploaded file"),
        (upload(reference.with_name("gone.png")), "no longer here"),
    ):
        html, tabs, *values = opened(file)
        assert words in html.value
        assert tabs == SKIP
        assert values == [SKIP] * len(values)
    for text in ("%", "[]", '{"endpoint": "x", "files": []}', '{"endpoint": "compare", "files": 1}'):
        html, *_ = share._arrived(setup, inputs, f"open={urllib.parse.quote(text)}")
        assert "opens nothing" in html.value


def test_without_a_link_nothing_is_changed(setup, inputs):
    assert set(map(str, share._arrived(setup, inputs, ""))) == {str(SKIP)}


def test_a_result_is_kept_as_a_small_file_and_as_text_to_copy(setup, reference):
    values = (upload(reference, "my <b>photo.png"), ["piqe"], {"score": 50.5, "metrics": {}}, "http://page/")
    html, download = share._shared(setup, "judge", [False, True], *values)
    kept = json.loads(
        Path(download.value["path"] if isinstance(download.value, dict) else download.value).read_text()
    )
    assert (kept["files"], kept["choices"], kept["result"]["score"]) == (["my <b>photo.png"], [["piqe"]], 50.5)
    link, python, curl, command = (unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL))
    assert records.unpack(link.removeprefix("http://page/#")) == kept
    assert "'my <b>photo.png'" in python
    assert curl.startswith("server=http://page\n")
    assert command == "deepmse score 'my <b>photo.png' -m nr -m piqe"
    assert "<b>" not in html


@pytest.mark.parametrize(("shapes", "has_command"), [("ask", True), ("crop", False), ("fit", True)])
def test_what_was_done_to_different_shapes_is_shared(setup, reference, shapes, has_command):
    values = (upload(reference), upload(reference), [], shapes, {"score": 50.5}, "http://page/")
    html, _ = share._shared(setup, "compare", [False, False, True, True], *values)
    texts = [unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)]
    assert records.unpack(texts[0].partition("#")[2])["choices"] == [[], shapes]
    assert ("deepmse score" in texts[-1]) == ("score_pairs" in texts[1]) == has_command
    assert (share.CROPPED in html) != has_command
    assert has_command or "[], 'crop', api_name" in texts[1]


@pytest.mark.parametrize("data", [None, {"error": "no picture"}])
def test_there_is_nothing_to_share_before_there_is_a_result(setup, reference, data):
    html, download = share._shared(setup, "judge", [False, True], upload(reference), [], data, "http://page/")
    assert share.NO_RESULT in html
    assert "<pre" not in html
    assert not download.visible
