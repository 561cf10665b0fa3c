"""Files brought to a page, before a server that writes down what it gets."""

import json
import threading
import urllib.parse
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.page_link import link_to


class Page(BaseHTTPRequestHandler):
    """Answers as the quality page does."""

    health: ClassVar[object] = {"status": "ok"}
    refusal = 0

    def do_GET(self):
        self.answer(self.health if self.path == "/health" else None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.refusal:
            self.send_error(self.refusal)
            return
        [part] = message_from_bytes(
            b"Content-Type: %s\r\n\r\n" % self.headers["Content-Type"].encode() + body
        ).get_payload()
        self.server.got[part.get_filename()] = part.get_payload(decode=True)
        assert self.path == "/gradio_api/upload"
        self.answer([f"/uploads/{len(self.server.got)}/{part.get_filename()}"])

    def answer(self, data):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def page():
    """A page at a port of its own; ``got`` has the files that it was sent."""
    server = HTTPServer(("127.0.0.1", 0), Page)
    server.got = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def address(page) -> str:
    return f"http://127.0.0.1:{page.server_port}/"


def test_the_link_opens_the_files_where_the_page_has_put_them(page, address, tmp_path):
    files = [tmp_path / "photo of me.png", tmp_path / "blurred.jpg"]
    for file in files:
        file.write_bytes(b"\r\n--content of " + file.name.encode())
    link = link_to(address, files)
    assert page.got == {file.name: file.read_bytes() for file in files}
    assert link.startswith(f"{address}#open=")
    assert json.loads(urllib.parse.unquote(link.partition("#open=")[2])) == {
        "endpoint": "compare",
        "files": [
            {"path": f"/uploads/{place}/{file.name}", "orig_name": file.name} for place, file in enumerate(files, 1)
        ],
    }
    assert "%22judge%22" in link_to(address, files[:1])


def test_nothing_is_sent_to_what_is_no_quality_page(page, address, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"a")
    for health in ({"status": "other"}, [1], "x"):
        monkeypatch.setattr(Page, "health", health)
        with pytest.raises(UsageError, match="something else than the quality page"):
            link_to(address, [tmp_path / "a.png"])
    with pytest.raises(UsageError, match="no address of a page"):
        link_to("file:///etc/passwd", [tmp_path / "a.png"])
    page.server_close()
    with pytest.raises(UsageError, match="start one with `deepmse app`"):
        link_to("http://127.0.0.1:1", [tmp_path / "a.png"])
    assert page.got == {}


def test_what_cannot_be_sent_is_said_so(address, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"absent\.png: cannot be read"):
        link_to(address, [tmp_path / "absent.png"])
    (tmp_path / "a.png").write_bytes(b"a")
    monkeypatch.setattr(Page, "refusal", 401)
    with pytest.raises(UsageError, match=r"the page refuses \(401"):
        link_to(address, [tmp_path / "a.png"])
