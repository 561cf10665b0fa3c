"""The waits of tests that start processes."""

import subprocess
import sys
import time

import pytest

from .. import waiting


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(waiting, "QUIET_S", 4)
    monkeypatch.setattr(waiting, "WORK_S", 0.1)


def waited(code: str, seconds: float) -> bool:
    """Wait for a sign that comes after some seconds."""
    start = time.monotonic()
    with subprocess.Popen([sys.executable, "-S", "-c", code]) as process:
        try:
            return waiting.wait_for(lambda: time.monotonic() - start > seconds, process, lambda: "what it said")
        finally:
            process.kill()


def test_who_works_is_waited_for():
    assert waited("while True: pass", 6)


def test_who_stands_still_is_not_waited_for():
    with pytest.raises(AssertionError, match="stands still: what it said"):
        waited("import time; time.sleep(600)", 60)


def test_who_ended_is_not_waited_for():
    with pytest.raises(AssertionError, match="ended with status 3: what it said"):
        waited("raise SystemExit(3)", 60)
