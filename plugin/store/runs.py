"""FiftyOne runs that record computations."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import fiftyone as fo
import psutil
from fiftyone.core.collections import SampleCollection

METHOD: Final = "image_quality"

RUNNING: Final = "running"
COMPLETED: Final = "completed"
INTERRUPTED: Final = "interrupted"
FAILED: Final = "failed"


@dataclass(frozen=True)
class Outcome:
    """What a computation has come to.

    Args:
        counts: how many samples had which outcome
        errors: how many of the failures had which reason
    """

    counts: Mapping[str, int]
    errors: Iterable[tuple[str, int]] = ()


class Run:
    """The record of one computation, with status "running" while its block is.

    It ends "completed"; where the block is left by an exception it ends "failed" with the reason, or "interrupted"
    where the work was stopped. Runs of this machine whose process has ended without a word are closed first.

    Args:
        samples: dataset or view that is computed on
        name: what its key starts with; a number follows
        settings: everything that decides the results; JSON-able
        outcome: tells at the end what has come out
    """

    def __init__(
        self, samples: SampleCollection, name: str, settings: Mapping[str, Any], outcome: Callable[[], Outcome]
    ) -> None:
        dataset = samples._root_dataset
        close_dead_runs(dataset)
        taken = set(dataset.list_runs())
        self.key = next(key for n in range(1, len(taken) + 2) if (key := f"{name}_{n}") not in taken)
        self._outcome = outcome
        self._dataset = dataset
        self._config = dataset.init_run(
            method=METHOD, status=RUNNING, started=_now(), process=_this_process(), **settings
        )
        samples.register_run(self.key, self._config)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Record the end."""
        outcome = self._outcome()
        self._config.counts = dict(outcome.counts)
        # A list: reasons may contain dots, which keys of MongoDB documents may not.
        self._config.errors = [{"reason": reason, "count": count} for reason, count in outcome.errors]
        if error is None:
            status, reason = COMPLETED, None
        elif isinstance(error, Exception):
            status, reason = FAILED, f"{type(error).__name__}: {error}"
        else:
            status, reason = INTERRUPTED, f"stopped ({type(error).__name__})"
        _close(self._dataset, self.key, self._config, status, reason)


def close_dead_runs(dataset: fo.Dataset) -> None:
    """Record as interrupted what says "running" though its process on this machine is gone."""
    for key in dataset.list_runs(method=METHOD, status=RUNNING):
        config = dataset.get_run_info(key).config
        process = getattr(config, "process", None)
        if process and process["host"] == socket.gethostname() and not _is_alive(process):
            _close(dataset, key, config, INTERRUPTED, f"its process {process['pid']} ended without a word")


def _close(dataset: fo.Dataset, key: str, config: Any, status: str, reason: str | None) -> None:
    config.status = status
    config.reason = reason
    config.finished = _now()
    dataset.update_run_config(key, config)


def _this_process() -> dict[str, Any]:
    process = psutil.Process(os.getpid())
    return {"host": socket.gethostname(), "pid": process.pid, "started": process.create_time()}


def _is_alive(process: Mapping[str, Any]) -> bool:
    """Whether a process is still there, and not another one with its number."""
    try:
        found = psutil.Process(process["pid"])
        return bool(found.status() != psutil.STATUS_ZOMBIE and abs(found.create_time() - process["started"]) < 1)
    except psutil.NoSuchProcess:
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
