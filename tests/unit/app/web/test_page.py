import re

import pytest
from deepmse.app.web import page as web_page
from deepmse.app.web.tabs.base import Tab
from gradio.route_utils import delete_files_created_by_app


@pytest.fixture(scope="module")
def endpoints() -> dict:
    """The page's public endpoints, by name."""
    return web_page.build(device="cpu").get_api_info()["named_endpoints"]


def test_every_tab_answers_at_an_endpoint_that_says_what_it_does(endpoints):
    assert list(endpoints) == ["/compare", "/judge", "/batch", "/codecs"]
    assert all(endpoint["description"] for endpoint in endpoints.values())


def test_a_tab_styles_its_own_html_alone():
    rules = "".join(tab.style for tab in web_page.TABS)
    selectors = [selector.strip() for selector in re.findall(r"([^{}]+)\{", rules)]
    assert selectors
    assert all(selector.startswith((".dm-", ".dark .dm-", "@media")) for selector in selectors)


def test_files_that_tabs_make_are_deleted_as_uploads_are(monkeypatch, tmp_path):
    setups = []
    monkeypatch.setattr(web_page, "TABS", (Tab("Any", setups.append),))
    page = web_page.build(device="cpu")
    [setup] = setups
    for path in (setup.place(".jpg"), setup.download("scores.csv")):
        path.write_text("made")
        assert path.is_relative_to(tmp_path)
    setup.place(".never-made")
    delete_files_created_by_app(page, age=3600)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2
    delete_files_created_by_app(page, age=None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
