"""Settings of this process, for commands and workers that are the whole process."""

from __future__ import annotations

import ctypes
import platform
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_TRIM_THRESHOLD: Final = -1
_M_ARENA_MAX: Final = -8
_GIGABYTE: Final = 1 << 30

KEEPING_FREED_MEMORY: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(_GIGABYTE),
    "MALLOC_TRIM_THRESHOLD_": str(_GIGABYTE),
}
"""Environment of a process that keeps freed memory from its start, before threads have arenas of their own."""


def keep_freed_memory() -> None:
    """Let glibc keep what the network's layers free instead of handing it back and fetching it again, page by page.

    PyTorch has no cache of its own for the CPU; this is a seventh of the time of scoring.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _GIGABYTE)
        libc.mallopt(_M_TRIM_THRESHOLD, _GIGABYTE)
        # The arenas of other threads give back memory whatever the threshold.
        libc.mallopt(_M_ARENA_MAX, 1)
