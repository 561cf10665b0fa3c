from types import SimpleNamespace

from deepmse.app.web import stopping
from deepmse.app.web.stopping import Stopping


def session(name: str) -> SimpleNamespace:
    return SimpleNamespace(session_hash=name)


def test_only_the_session_that_asked_stops_until_it_begins_again():
    stops = Stopping()
    stops.ask(session("a"))
    assert stops.is_asked(session("a"))
    assert not stops.is_asked(session("b"))
    assert not stops.is_asked(None)
    stops.forget(session("a"))
    assert not stops.is_asked(session("a"))


def test_no_client_fills_the_memory_with_sessions(monkeypatch):
    monkeypatch.setattr(stopping, "MAX_REMEMBERED", 3)
    stops = Stopping()
    for index in range(10):
        stops.ask(session(str(index)))
    assert [stops.is_asked(session(str(index))) for index in range(10)] == [False] * 7 + [True] * 3
