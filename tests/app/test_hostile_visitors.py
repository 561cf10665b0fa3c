"""The web page under visitors who mean harm, over HTTP alone: what they get, and what stays behind."""

import json
import socket
import urllib.parse
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from deepmse.app.web import guard, storage
from PIL import Image

from ..waiting import QUIET_S, wait_for

pytestmark = pytest.mark.browser

AT_ONCE = 100


class Visitor:
    """Sends what no browser would.

    Args:
        server: the page
    """

    def __init__(self, server) -> None:
        self._server = server
        self.http = httpx.Client(base_url=server.address, timeout=QUIET_S)

    def stored(self) -> set[Path]:
        """The files that the server keeps."""
        return {path for path in self._server.uploads.rglob("*") if path.is_file()}

    def upload(self, name: str, content: bytes) -> httpx.Response:
        return self.http.post("gradio_api/upload", files={"files": (name, content)})

    def send(self, name: str, content: bytes) -> dict:
        """Upload a file, and tell what an endpoint takes for it."""
        response = self.upload(name, content)
        assert response.status_code == 200, response.text
        return {"path": response.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def call(self, endpoint: str, *data: object, body: str | None = None) -> tuple[str, list]:
        """The event that a call ends with, and its data."""
        content = body or json.dumps({"data": data})
        response = self.http.post(
            f"gradio_api/call/{endpoint}", content=content, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 200, response.text
        answer = self.http.get(f"gradio_api/call/{endpoint}/{response.json()['event_id']}").text
        *_, event, told = answer.strip().splitlines()
        return event.removeprefix("event: "), json.loads(told.removeprefix("data: "))


@pytest.fixture
def visitor(web_server):
    """A visitor, after whom the server is there, and has called nobody else."""
    visitor = Visitor(web_server)
    yield visitor
    assert visitor.http.get("").status_code == 200
    assert web_server.outside.read_text() == ""


def png(size=(48, 48), colour: object = 128) -> bytes:
    stream = BytesIO()
    Image.new("L", size, colour).save(stream, "PNG")
    return stream.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../../../up.png", "..\\..\\up.png", "/tmp/absolute.png", "%2e%2e%2fup.png", "a\x00b.png", "x" * 300 + ".png"],
)
def test_no_name_leads_out_of_the_uploads(visitor, web_server, name):
    upload = visitor.send(name, png())
    assert Path(upload["path"]).resolve().is_relative_to(web_server.uploads.resolve())
    assert not list(web_server.uploads.parent.glob("*.png"))


def test_uploads_that_are_none_are_refused(visitor):
    before = visitor.stored()
    assert visitor.upload("..", png()).status_code == 400
    assert visitor.http.post("gradio_api/upload", files={"files": ("", png())}).text == guard.NO_FILE
    assert visitor.http.post("gradio_api/upload", data={"files": "text"}).status_code == 400
    # One name was refused after its file had come: that stays until the next sweep.
    assert len(visitor.stored() - before) <= 1


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd",
        "gradio_api/file=../../../../etc/passwd",
        "gradio_api/file=%2e%2e/%2e%2e/etc/passwd",
        "gradio_api/file=file:///etc/passwd",
        "gradio_api/file=pyproject.toml",
        "gradio_api/file=/proc/self/environ",
        "gradio_api/file=http://192.0.2.1/",
        "gradio_api/proxy=http://192.0.2.1/",
        "static/..%2f..%2f..%2f..%2fetc/passwd",
        "assets/..%2f..%2f..%2f..%2fetc/passwd",
    ],
)
def test_no_path_of_the_api_reads_a_file_or_calls_a_server(visitor, path):
    response = visitor.http.get(path)
    assert response.status_code in (400, 403, 404)
    assert "root:" not in response.text


def test_a_deep_link_leads_nowhere_else(visitor):
    for link in ("../../../etc", "..%2f..%2fetc%2fpasswd", "0" * 1000):
        response = visitor.http.get(f"?deep_link={link}")
        assert response.status_code == 200
        assert "root:" not in response.text


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
ODD = {
    "drawing.svg": (SVG, "not an image that can be read"),
    "drawing.png": (SVG, "not an image that can be read"),
    "page.png": (b"<html><script>alert(1)</script></html>", "not an image that can be read"),
    "nothing.png": (b"", "empty"),
    "line.png": (png((40_000, 1)), "40000×1"),
    "large.png": (png((9000, 9000)), "over the limit of"),
    "half.png": (png((300, 300))[:-60], "damaged or truncated"),
    "program.exe": (b"MZ" + bytes(100), "not an image that can be read"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_picture_is_told_so_at_every_endpoint(visitor, name):
    content, words = ODD[name]
    upload = visitor.send(name, content)
    calls = {"judge": (upload, []), "compare": (upload, upload, [], "ask"), "codecs": (upload, ["JPEG"], ["psnr"])}
    for endpoint, data in calls.items():
        event, (answer, html, *_) = visitor.call(endpoint, *data)
        assert event == "complete"
        if (endpoint, name) != ("codecs", "line.png"):
            assert words in answer["error"]
        assert "<script" not in html
    event, (answer, html, *_) = visitor.call("batch", [upload], ["piqe"])
    assert words in answer["rows"][0]["error"]
    assert "<script" not in html
    served = visitor.http.get("gradio_api/file=" + urllib.parse.quote(upload["path"]))
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert not served.headers["Content-Type"].startswith(("text/html", "image/svg"))


def test_a_picture_is_known_by_its_content_whatever_its_name(visitor):
    assert visitor.call("judge", visitor.send("photo.txt", png()), [])[1][0]["score"] > 0


@pytest.mark.parametrize(
    ("name", "members", "words"),
    [
        ("bomb.zip", {f"{index}.png": bytes(60 << 20) for index in range(36)}, "holds 2.1 GB unpacked"),
        ("large.zip", {"large.png": bytes(70 << 20)}, "“large.png” has 70 MB, of at most 64"),
        ("crowd.zip", {f"{index}.png": b"x" for index in range(10_000)}, "holds 10,000 files, of at most 5,000"),
        ("nested.zip", {"inner.zip": zipped({"photo.png": png()})}, "no picture among the files"),
        ("fake.zip", None, "is no zip archive"),
    ],
)
def test_archives_that_mean_harm_are_refused_and_not_unpacked(visitor, name, members, words):
    upload = visitor.send(name, png() if members is None else zipped(members))
    before = visitor.stored()
    event, (answer, _, _) = visitor.call("batch", [upload], ["piqe"])
    assert event == "complete"
    assert words in answer["error"]
    assert visitor.stored() == before


def test_names_in_an_archive_lead_nowhere(visitor, web_server):
    upload = visitor.send("slip.zip", zipped({"../../../slip.png": png(), "/tmp/slip.png": png()}))
    _, (answer, _, _) = visitor.call("batch", [upload], ["piqe"])
    assert answer["scored"] == 2
    assert not list(web_server.uploads.parent.rglob("slip.png"))


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [PICTURE, NaN]}',
        '{"data": [PICTURE, [1e308]]}',
        '{"data": [PICTURE, {"a": null}]}',
        '{"data": [PICTURE, ["' + "x" * 100_000 + '"]]}',
        '{"data": [PICTURE, ["psnr"]]}',
        '{"data": [null, []]}',
        '{"data": [[], []]}',
        '{"data": ["PATH", []]}',
        '{"data": []}',
        '{"data": [{"path": 1e308}, []]}',
        '{"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, []]}',
        '{"data": [{"url": "http://192.0.2.1/x.png", "path": "", "meta": {"_type": "gradio.FileData"}}, []]}',
    ],
)
def test_odd_parameters_are_answered_in_words(visitor, body):
    picture = visitor.send("photo.png", png())
    body = body.replace("PICTURE", json.dumps(picture)).replace("PATH", picture["path"])
    event, answer = visitor.call("judge", body=body)
    error = answer["error"] if event == "error" else answer[0]["error"]
    assert isinstance(error, str)
    assert len(error) > 20


def test_requests_that_are_too_long_are_refused(visitor):
    # Announced, not sent.
    for path, length in ((guard.UPLOAD, guard.MAX_UPLOAD_BYTES + 1), ("/gradio_api/call/judge", guard.MAX_BYTES + 1)):
        request = f"POST {path} HTTP/1.1\r\nHost: page\r\nContent-Length: {length}\r\n\r\n"
        assert answered(visitor, request.encode()).startswith(b"HTTP/1.1 413")


def answered(visitor, request: bytes) -> bytes:
    with raw(visitor) as connection:
        connection.sendall(request)
        return connection.recv(1000)


def raw(visitor) -> socket.socket:
    url = visitor.http.base_url
    return socket.create_connection((url.host, url.port), QUIET_S)


def test_an_upload_that_is_dropped_half_way_is_swept(visitor, web_server):
    before = visitor.stored()
    head = (
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: page\r\nContent-Length: 9000000\r\n"
        b"Content-Type: multipart/form-data; boundary=X\r\n\r\n"
        b'--X\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    )
    with raw(visitor) as connection:
        connection.sendall(head + bytes(1_000_000))
        left = wait_for(lambda: visitor.stored() - before, web_server.process)
    assert visitor.http.get("").status_code == 200
    [folder] = web_server.uploads.glob("deepmse-page-*")
    storage.sweep(folder, -1)
    assert not left & visitor.stored()


def test_a_hundred_visitors_at_once_are_served_or_told_to_wait(visitor, web_server):
    def upload_and_judge(shade: int) -> tuple[int, str]:
        alone = Visitor(web_server)
        picture = alone.send(f"{shade}.png", png(colour=shade))
        try:
            return 200, alone.call("judge", picture, [])[0]
        except AssertionError as refusal:
            assert "Queue is full" in str(refusal)
            return 503, ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = Counter(pool.map(upload_and_judge, range(AT_ONCE)))
    assert set(ends) <= {(200, "complete"), (503, "")}
    assert ends[200, "complete"] >= 32


def test_a_visitor_who_walks_away_frees_the_place(visitor):
    many = visitor.send("many.zip", zipped({f"{index}.png": png((256, 256), index % 255) for index in range(2000)}))
    event = visitor.http.post("gradio_api/call/batch", json={"data": [[many], ["nr"]]}).json()["event_id"]
    thumbnails = len(visitor.stored())
    with visitor.http.stream("GET", f"gradio_api/call/batch/{event}") as stream:
        next(line for line in stream.iter_lines() if "of 2,000" in line)
    assert visitor.call("batch", [visitor.send("one.png", png())], ["piqe"])[1][0]["scored"] == 1
    assert len(visitor.stored()) - thumbnails < 2 * 2000, "the first batch went on to its end"
