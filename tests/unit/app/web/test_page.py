import asyncio
import re

import gradio as gr
import pytest
from deepmse.app.web import page as web_page
from deepmse.app.web import share
from gradio import processing_utils
from gradio.utils import get_function_description


@pytest.fixture(scope="module")
def page() -> gr.Blocks:
    return web_page.build(device="cpu")


@pytest.fixture(scope="module")
def endpoints(page) -> dict:
    """The page's public endpoints, by name."""
    return page.get_api_info()["named_endpoints"]


def test_every_tab_answers_at_an_endpoint_that_says_what_it_does(endpoints):
    assert list(endpoints) == ["/compare", "/judge", "/batch", "/codecs"]
    assert all(endpoint["description"] for endpoint in endpoints.values())


def test_every_endpoint_answers_with_data_alone(endpoints):
    assert [[each["component"] for each in endpoint["returns"]] for endpoint in endpoints.values()] == [["Json"]] * 4


def test_agents_learn_the_endpoints_names_and_what_each_parameter_is(page, endpoints):
    for name, told in endpoints.items():
        function = share.endpoint(page, name.removeprefix("/")).fn
        assert function.__name__ == name.removeprefix("/")
        _, parameters, _ = get_function_description(function)
        for parameter in told["parameters"]:
            assert parameters[parameter["parameter_name"]], (name, parameter["parameter_name"])


def test_a_tab_styles_its_own_html_alone():
    rules = "".join(tab.style for tab in web_page.TABS)
    selectors = [selector.strip() for selector in re.findall(r"([^{}]+)\{", rules)]
    assert selectors
    assert all(selector.startswith((".dm-", ".dark .dm-", "@media")) for selector in selectors)


def test_a_page_without_agents_fetches_no_file_from_elsewhere(monkeypatch):
    # So that it is put back at the end.
    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", None)
    web_page._fetch_nothing()
    with pytest.raises(gr.Error, match="fetches nothing from others"):
        asyncio.run(gr.Image().async_move_resource_to_block_cache("http://192.0.2.1/a.png"))
