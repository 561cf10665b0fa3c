import pytest
from deepmse.app.web import guard
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


@pytest.fixture
def client(tmp_path, monkeypatch) -> TestClient:
    """A server that answers how many bytes it got, of at most 100; of an upload, 1000."""
    monkeypatch.setattr(guard, "MAX_BYTES", 100)
    monkeypatch.setattr(guard, "MAX_UPLOAD_BYTES", 1000)

    async def count(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def fail(request: Request) -> PlainTextResponse:
        raise TypeError("File is not an instance of GradioUploadFile")

    routes = [Route(path, count, methods=["POST"]) for path in ("/gradio_api/call/judge", guard.UPLOAD)]
    routes += [Route(path, fail, methods=["POST"]) for path in ("/bad" + guard.UPLOAD, "/fail")]
    app = Starlette(routes=routes, middleware=[Middleware(guard.Guard, folder=tmp_path)])
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(("path", "limit"), [("/gradio_api/call/judge", 100), (guard.UPLOAD, 1000)])
@pytest.mark.parametrize("announced", [True, False])
def test_what_is_too_long_is_refused_whether_it_is_announced_or_not(client, path, limit, announced):
    for length, status in ((limit, 200), (limit + 1, 413)):
        content = bytes(length)
        response = client.post(path, content=content if announced else iter([content[:50], content[50:]]))
        assert response.status_code == status
        assert ("may have" in response.text) == (status == 413)


def test_uploads_wait_for_room_on_the_disk_and_nothing_else_does(client, monkeypatch):
    monkeypatch.setattr(guard, "MIN_FREE_BYTES", 1 << 62)
    response = client.post(guard.UPLOAD, content=b"x")
    assert (response.status_code, response.text.split(".")[0]) == (507, "The server has no room for pictures now")
    assert client.post("/gradio_api/call/judge", content=b"x").status_code == 200


def test_a_file_without_a_name_is_the_clients_mistake_and_other_errors_are_not(client):
    response = client.post("/bad" + guard.UPLOAD)
    assert (response.status_code, response.text) == (400, guard.NO_FILE)
    assert client.post("/fail").status_code == 500


@pytest.mark.parametrize("path", ["/gradio_api/call/judge", "/nowhere", guard.UPLOAD])
def test_every_answer_binds_the_browser(client, path):
    response = client.post(path, content=bytes(2000))
    for name, value in guard.HEADERS.items():
        assert response.headers[name] == value


@pytest.mark.parametrize("path", ["file=http://192.0.2.1/", "proxy=https://192.0.2.1/", "file=file:///etc/passwd"])
def test_nothing_is_fetched_from_elsewhere(client, path):
    response = client.get(f"/gradio_api/{path}")
    assert (response.status_code, response.text) == (403, "This server fetches nothing from others.")
