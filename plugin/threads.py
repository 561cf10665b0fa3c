"""Thread pools, some to decode and others to compute, and taking their results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from threading import Event
from typing import Any, TypeVar

import torch

M = TypeVar("M")
T = TypeVar("T")


def in_order(jobs: Iterable[Future[T]], ahead: int) -> Iterator[T]:
    """The results of jobs, in order.

    Args:
        jobs: submits a job each time that one is taken from it
        ahead: how many jobs may be under way or done beyond the one whose result is waited for
    """
    waiting: deque[Future[T]] = deque()
    for job in jobs:
        waiting.append(job)
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def decoders(device: torch.device) -> Iterator[Executor]:
    """Threads that decode ahead of a device."""
    width = torch.get_num_threads() if device.type == "cpu" else min(32, os.cpu_count() or 1)
    with _pool(width) as pool:
        yield pool


@contextmanager
def lanes(device: torch.device) -> Iterator[tuple[Executor, int]]:
    """Threads that compute, and how many: one for a GPU; on the CPU one a core, each with single-threaded operators.

    Small convolutions spend much of their time waiting at the barriers of an operator's own thread pool.
    """
    if device.type != "cpu":
        with _pool(1) as pool:
            yield pool, 1
        return
    threads = torch.get_num_threads()
    try:
        with _pool(threads, initializer=_run_single_threaded) as pool:
            yield pool, threads
    finally:
        torch.set_num_threads(threads)


def _run_single_threaded() -> None:
    torch.get_num_threads()  # PyTorch sets a thread's count when first asked, overriding what was set before.
    torch.set_num_threads(1)


@contextmanager
def _pool(width: int, **settings: Any) -> Iterator[Executor]:
    pool = ThreadPoolExecutor(width, **settings)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def telling(work: Callable[[Callable[[M], None]], T]) -> Generator[M, None, T]:
    """Do work in a thread of its own, and yield what it tells meanwhile; give what it returns.

    Where nobody asks any further the work ends at what it tells next.

    Args:
        work: takes what to tell by
    """
    told: Queue[M | None] = Queue()
    stopped = Event()

    def tell(message: M) -> None:
        if stopped.is_set():
            raise CancelledError
        told.put(message)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work, tell)
        done.add_done_callback(lambda _: told.put(None))
        try:
            while (message := told.get()) is not None:
                yield message
        finally:
            stopped.set()
    return done.result()
