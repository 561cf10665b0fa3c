"""The App with the panel open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

import fiftyone as fo
import psutil
from fiftyone.core.service import ServerService, ServiceListenTimeout

from ..errors import UsageError

ROUND_S: Final = 30
"""Seconds between two looks at whether the App's server still works towards its start."""

WORK_S: Final = 1
"""Seconds of processor time in one round from which on it does."""


def workspace(panel: str = "quality_vs_mos") -> fo.Space:
    """The grid on the left, a panel on the right."""
    return fo.Space(
        children=[_tab(fo.Panel(type="Samples", pinned=True)), _tab(fo.Panel(type=panel))],
        orientation="horizontal",
        sizes=[0.5, 0.5],
    )


def launch_app(
    dataset: fo.Dataset,
    *,
    port: int | None = None,
    address: str | None = None,
    remote: bool = False,
    waiting: Callable[[str], None] = lambda said: None,
) -> fo.Session:
    """Launch the FiftyOne App on a dataset with the panel open beside the grid.

    FiftyOne must know the plugin: its folder or a link to it lies in ``fo.config.plugins_dir``.

    Args:
        dataset: the dataset
        port: where to serve the App; None for FiftyOne's default
        address: address to serve it on; None for FiftyOne's default
        remote: whether to open no browser
        waiting: told what is waited for, now and then, while the App's server starts

    Returns:
        the session; ``session.wait(-1)`` blocks until the process is stopped

    Raises:
        UsageError: if the App's server does not answer and stands still, or ends
    """
    try:
        with _patience(waiting):
            return fo.launch_app(dataset, spaces=workspace(), port=port, address=address, remote=remote)
    except ServiceListenTimeout as error:
        raise UsageError(
            "the App's server does not answer and stands still: another program may have its port. The "
            f"dataset {dataset.name} is ready with its scores; open it later with: fiftyone app launch {dataset.name}"
        ) from error


@contextmanager
def _patience(waiting: Callable[[str], None]) -> Iterator[None]:
    """Wait for the App's server as long as it works, in place of the minute that FiftyOne gives it."""
    within = ServerService._wait_for_child_port

    def wait(server: Any, port: int | None = None, timeout: float = 0) -> Any:
        start, worked = monotonic(), 0.0
        while True:
            try:
                return within(server, port, timeout=ROUND_S)
            except ServiceListenTimeout:
                before, worked = worked, _processor_time(server.child)
                if worked - before < WORK_S:
                    raise
                waiting(f"waiting for the App's server, which has been starting for {monotonic() - start:.0f} s")

    ServerService._wait_for_child_port = wait
    try:
        yield
    finally:
        ServerService._wait_for_child_port = within


def _processor_time(process: psutil.Process) -> float:
    """Seconds that a process and those that it started have computed."""
    total = 0.0
    try:
        for each in [process, *process.children(recursive=True)]:
            total += sum(each.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return total
    return total


def _tab(panel: fo.Panel) -> fo.Space:
    """A space with one panel in front; without an active child the App shows an empty space."""
    return fo.Space(children=[panel], active_child=panel.component_id)
