"""Work spread over processes."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import starmap
from multiprocessing import get_context
from typing import Any, TypeVar

from ..errors import DeepMSEError

_T = TypeVar("_T")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def starmap_by(workers: int) -> Iterator[Callable[[Callable[..., _T], Iterable[tuple[Any, ...]]], Iterator[_T]]]:
    """A ``starmap`` by so many processes, by this one alone where it is one.

    Its functions are module-level functions of this package. DeepMSEError where a process dies.
    """
    if workers == 1:
        yield starmap
        return
    # Fresh processes, for those forked from a program with threads can hang. They leave interrupts to this one.
    with ProcessPoolExecutor(workers, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        try:
            yield partial(_starmap, pool, 4 * workers)
        except BrokenProcessPool as error:
            raise DeepMSEError(
                "a worker process died, perhaps for want of memory; run again with fewer: what is made is kept"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _starmap(
    pool: ProcessPoolExecutor, ahead: int, function: Callable[..., _T], jobs: Iterable[tuple[Any, ...]]
) -> Iterator[_T]:
    """Results in the order of the jobs, of which so many are under way or done ``ahead`` of the one waited for."""
    # By its installed name, for workers do not know the one that FiftyOne gives to a plugin's modules.
    module = function.__module__.rpartition(".plugin.")[2]
    installed = getattr(import_module(f"deepmse.plugin.{module}"), function.__name__)
    waiting: deque[Future[_T]] = deque()
    for job in jobs:
        waiting.append(pool.submit(installed, *job))
        if len(waiting) == ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
