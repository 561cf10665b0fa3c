"""FiftyOne runs that record computations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fiftyone.core.collections import SampleCollection

METHOD: Final = "image_quality"


class Run:
    """The record of one computation, with status "running" until it is finished.

    Args:
        samples: dataset or view that is computed on
        name: what its key starts with; a number follows
        settings: everything that decides the results; JSON-able
    """

    def __init__(self, samples: SampleCollection, name: str, settings: Mapping[str, Any]) -> None:
        dataset = samples._root_dataset
        taken = set(dataset.list_runs())
        self.key = next(key for n in range(1, len(taken) + 2) if (key := f"{name}_{n}") not in taken)
        self._dataset = dataset
        self._config = dataset.init_run(method=METHOD, status="running", started=_now(), **settings)
        samples.register_run(self.key, self._config)

    def finish(self, status: str, counts: Mapping[str, int], errors: Iterable[tuple[str, int]] = ()) -> None:
        """Record the end: how many samples had which outcome, and how many of the failures had which reason."""
        self._config.status = status
        self._config.finished = _now()
        self._config.counts = dict(counts)
        # A list: reasons may contain dots, which keys of MongoDB documents may not.
        self._config.errors = [{"reason": reason, "count": count} for reason, count in errors]
        self._dataset.update_run_config(self.key, self._config)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
