import json
import zlib
from base64 import urlsafe_b64encode

import pytest
from deepmse.app.web import records
from deepmse.app.web.snippets import Asked
from deepmse.plugin.errors import UsageError

ASKED = Asked("compare", ("a <b>.png", "ß.jpg"), (["psnr"],))
DATA = {
    "score": 12.345678,
    "stages": {"1": 1.5},
    "metrics": {"psnr": {"title": "PSNR", "score": 31.25, "reason": ""}},
    "notes": ["cropped <to> 3 × 3", "grey"],
    "settings": {"device": "cpu"},
}


def packed(value: object) -> str:
    return urlsafe_b64encode(zlib.compress(json.dumps(value).encode())).decode().rstrip("=")


def test_a_link_holds_all_of_a_result():
    record = records.record(ASKED, DATA)
    assert records.unpack(records.pack(record)) == json.loads(json.dumps(record))
    assert record["files"] == ["a <b>.png", "ß.jpg"]
    assert record["result"] == DATA


def test_what_is_sent_is_shown_and_never_as_markup():
    html = records.record_html(records.unpack(records.pack(records.record(ASKED, DATA))))
    assert "a &lt;b&gt;.png" in html
    assert "<td>12.35</td>" in html
    assert "<td>31.25</td>" in html
    assert "<td>cropped &lt;to&gt; 3 × 3; grey</td>" in html
    forged = {
        "endpoint": "batch",
        "files": [],
        "choices": [],
        "result": {"rows": [{"dist": "<script>", "nr": "<i>"}]},
    }
    html = records.record_html(records.unpack(packed(forged)))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "nr &lt;i&gt;" in html


def test_a_result_that_is_too_long_is_in_no_link():
    rows = [{"dist": str(index), "nr": str(hash(str(index)))} for index in range(2000)]
    assert records.pack(records.record(ASKED, {"rows": rows})) == ""


BOMB = urlsafe_b64encode(zlib.compress(b'{"a": "' + bytes(50_000_000) + b'"}', 9)).decode()[: records.MAX_LINK]


@pytest.mark.parametrize(
    "link",
    [
        "x",
        "????",
        records.pack(records.record(ASKED, DATA))[:-9],
        BOMB,
        packed([1]),
        packed({"endpoint": "compare"}),
        packed({"endpoint": 1, "files": [], "choices": [], "result": {}}),
        packed({"endpoint": "a", "files": [1], "choices": [], "result": {}}),
        packed({"endpoint": "a", "files": [], "choices": {}, "result": {}}),
        packed("[" * 5000),
    ],
    ids=range(10),
)
def test_what_is_no_result_is_said_so(link):
    with pytest.raises(UsageError, match="This link holds no result"):
        records.unpack(link)


@pytest.mark.parametrize(
    "result",
    [
        {"metrics": 1, "rows": 2, "files": 3, "interval": 4, "score": [[]], "error": {}},
        {"metrics": {"a": 1, "b": {"title": None, "score": True}}, "rows": [{}, 1], "files": [{}, None]},
        {"score": 1e308, "interval": [None, "x"], "grade": {"a": 1}},
    ],
)
def test_odd_results_are_shown_without_an_error(result):
    assert "dm-record" in records.record_html({"endpoint": "compare", "files": [], "choices": [], "result": result})
