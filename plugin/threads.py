"""Thread pools: some decode, others compute."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch


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
