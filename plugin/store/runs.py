"""FiftyOne runs that record computations."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

METHOD: Final = "image_quality"

_RUNNING: Final = "running"


class Run:
    """The record of one computation: "running" from its making, and however the work in it ends, not longer.

    Args:
        samples: dataset or view that is computed on
        name: what its key starts with; a number follows
        settings: everything that decides the results; JSON-able
    """

    def __init__(self, samples: SampleCollection, name: str, settings: Mapping[str, Any]) -> None:
        dataset = samples._root_dataset
        close_abandoned(dataset)
        taken = set(dataset.list_runs())
        self.key = next(key for n in range(1, len(taken) + 2) if (key := f"{name}_{n}") not in taken)
        self._dataset = dataset
        self._config = dataset.init_run(
            method=METHOD,
            status=_RUNNING,
            started=_now(),
            pid=os.getpid(),
            host=socket.gethostname(),
            **settings,
        )
        samples.register_run(self.key, self._config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Record the end: completed, interrupted by whoever runs it, or failed and why."""
        self._config.status = "completed"
        if kind is not None:
            self._config.status = "failed" if issubclass(kind, Exception) else "interrupted"
            self._config.reason = f"{kind.__name__}: {error}"
        self._config.finished = _now()
        self._dataset.update_run_config(self.key, self._config)

    def tell(self, counts: Mapping[str, int], errors: Iterable[tuple[str, int]] = ()) -> None:
        """What came out: how many samples had which outcome, and how many of the failures had which reason."""
        self._config.counts = dict(counts)
        # A list: reasons may contain dots, which keys of MongoDB documents may not.
        self._config.errors = [{"reason": reason, "count": count} for reason, count in errors]


def close_abandoned(dataset: fo.Dataset) -> None:
    """Record as interrupted what processes of this machine that are no more were computing."""
    for key in dataset.list_runs(method=METHOD, status=_RUNNING):
        config = dataset.get_run_info(key).config
        if getattr(config, "host", None) == socket.gethostname() and not _is_alive(config.pid):
            config.status = "interrupted"
            config.reason = f"process {config.pid} is no more"
            config.finished = _now()
            dataset.update_run_config(key, config)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
