"""The App that the demonstration opens: how it ends, and what is said where it does not open."""

import os
import signal
from types import SimpleNamespace

import fiftyone as fo
import pytest
from deepmse.app import demo
from deepmse.plugin.errors import UsageError
from deepmse.plugin.panel import launch
from fiftyone.core.service import ServiceListenTimeout

pytestmark = pytest.mark.integration


@pytest.fixture
def own_handler():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_the_server_ends_with_the_process_when_it_is_terminated(monkeypatch, own_handler):
    closed = []
    session = SimpleNamespace(
        url="http://0.0.0.0:5151/",
        wait=lambda _: os.kill(os.getpid(), signal.SIGTERM),
        close=lambda: closed.append(True),
    )
    monkeypatch.setattr(launch, "launch_app", lambda *_, **__: session)
    said = []
    with pytest.raises(SystemExit) as ended:
        demo.show(None, None, None, said.append)
    assert (ended.value.code, closed, said) == (143, [True], ["http://localhost:5151/"])


def test_a_server_that_does_not_answer_is_a_sentence_with_the_way_on(monkeypatch, dataset):
    def launch_app(*_, **__):
        raise ServiceListenTimeout("ServerService", 5151)

    monkeypatch.setattr(fo, "launch_app", launch_app)
    with pytest.raises(UsageError, match=f"open it later with: fiftyone app launch {dataset.name}"):
        launch.launch_app(dataset)
