"""Waits that follow progress: they fail where a process ends or stands still, however busy the machine is."""

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from subprocess import Popen
from typing import TypeVar

import psutil

T = TypeVar("T")

QUIET_S = 120
"""How long a process may do nothing before it is taken to be stuck."""
WORK_S = 2
"""Seconds of processor time in that while from which on it is at work."""


def wait_for(sign: Callable[[], T | None], process: Popen, told: Callable[[], str] = str) -> T:
    """Wait until a process shows a sign, as long as it works.

    Args:
        sign: gives what is waited for, or something false as long as it is not there
        process: who is to show it
        told: gives what the process said, for the failure

    Returns:
        the sign
    """
    family, worked, since = psutil.Process(process.pid), 0.0, time.monotonic()
    while not (shown := sign()):
        assert process.poll() is None, f"ended with status {process.returncode}: {told()}"
        if (now := processor_time(family)) - worked > WORK_S:
            worked, since = now, time.monotonic()
        assert time.monotonic() - since < QUIET_S, f"stands still: {told()}"
        time.sleep(0.05)
    return shown


def processor_time(process: psutil.Process) -> float:
    """Seconds that a process and its children have computed, also those that ended."""
    total = 0.0
    # One may end meanwhile.
    with contextlib.suppress(psutil.NoSuchProcess):
        for each in [process, *process.children(recursive=True)]:
            total += sum(each.cpu_times()[:4])
    return total


def answers(address: str) -> bool:
    """Whether a server is there."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True
