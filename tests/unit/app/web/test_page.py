import re

import pytest
from deepmse.app.web import page as web_page


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
