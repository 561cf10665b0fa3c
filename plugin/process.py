"""Settings of this process, for commands and workers that are the whole process."""

from __future__ import annotations

import ctypes
import platform
from typing import Final

_GIGABYTE: Final = 1 << 30

_OF_MALLOC: Final = (
    (-3, "MALLOC_MMAP_THRESHOLD_", _GIGABYTE),
    (-1, "MALLOC_TRIM_THRESHOLD_", _GIGABYTE),
    # The arenas of other threads give back memory whatever the threshold.
    (-8, "MALLOC_ARENA_MAX", 1),
)
"""Settings of glibc's malloc: their number for mallopt, their name in the environment, and their value."""

KEEPING_FREED_MEMORY: Final = {name: str(value) for _, name, value in _OF_MALLOC}
"""Environment of a process that keeps freed memory from its start, before threads have arenas of their own."""


def keep_freed_memory() -> None:
    """Let glibc keep what the network's layers free instead of handing it back and fetching it again, page by page.

    PyTorch has no cache of its own for the CPU; this is a seventh of the time of scoring.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for number, _, value in _OF_MALLOC:
            libc.mallopt(number, value)
