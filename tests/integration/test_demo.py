"""The App that the demonstration opens: how it ends, and what is said where it does not open."""

import os
import signal
import time
from types import SimpleNamespace

import fiftyone as fo
import pytest
from deepmse.app import demo
from deepmse.plugin.errors import UsageError
from deepmse.plugin.panel import launch
from deepmse.plugin.store import scored_alike
from deepmse.plugin.store.runs import Outcome, Run
from fiftyone.core.service import ServerService, ServiceListenTimeout

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


def test_a_server_is_waited_for_as_long_as_it_works(monkeypatch):
    tries, seconds = [], iter([5.0, 9.0, 9.5, 9.6])

    def within(server, port=None, timeout=60):
        tries.append(port)
        raise ServiceListenTimeout("ServerService", port)

    monkeypatch.setattr(ServerService, "_wait_for_child_port", within)
    monkeypatch.setattr(launch, "_processor_time", lambda process: next(seconds))
    said = []
    with launch._patience(said.append), pytest.raises(ServiceListenTimeout):
        ServerService._wait_for_child_port(SimpleNamespace(child=None), port=5151)
    assert (tries, len(said)) == ([5151] * 3, 2)
    assert "waiting for the App's server" in said[0]
    assert ServerService._wait_for_child_port is within


def test_a_second_demonstration_keeps_scores_that_would_come_out_again(dataset, tmp_path):
    engine = {"metrics": {"psnr": {}}, "device": "cpu"}
    images = dataset.values("filepath")
    config = {"metric": "psnr", "engine": engine}
    assert not scored_alike(dataset, ["psnr"], engine, images)
    with Run(dataset, "psnr", config, lambda: Outcome({})):
        pass
    assert scored_alike(dataset, ["psnr"], engine, [])
    assert not scored_alike(dataset, ["psnr", "nr"], engine, [])
    assert not scored_alike(dataset, ["psnr"], {**engine, "device": "cuda"}, [])
    newer = tmp_path / "newer.png"
    newer.touch()
    os.utime(newer, (time.time() + 5,) * 2)
    assert not scored_alike(dataset, ["psnr"], engine, [newer])


def test_a_server_that_does_not_answer_is_a_sentence_with_the_way_on(monkeypatch, dataset):
    def launch_app(*_, **__):
        raise ServiceListenTimeout("ServerService", 5151)

    monkeypatch.setattr(fo, "launch_app", launch_app)
    with pytest.raises(UsageError, match=f"open it later with: fiftyone app launch {dataset.name}"):
        launch.launch_app(dataset)
