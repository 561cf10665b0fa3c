"""Features of pictures that were looked at before, kept in the user's cache folder: nobody waits for them twice.

A picture is known by its pixels, whatever file holds them; features are those of a network's weights, of how they are
pooled, and of the kind of device and version of PyTorch: what is found is, to the bit, what would be computed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..cache import cache_dir

LIMIT: Final = 2 * 1024**3
"""Bytes that are kept at most: some 20,000 pictures."""

_DIGEST: Final = 16
_WAIT_S: Final = 30
_AT_ONCE: Final = 200
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS features (
    picture BLOB, network BLOB, taps TEXT, content BLOB, day INTEGER, UNIQUE (picture, network)
)
"""

Result = TypeVar("Result")


def kept_file() -> Path:
    """Where the features are kept; it need not exist."""
    return cache_dir() / "features.sqlite"


def kept_size() -> int:
    """Bytes that are kept."""
    return sum(file.stat().st_size for file in _files())


def forget() -> int:
    """Remove all that is kept, and give its size in bytes."""
    size = kept_size()
    for file in _files():
        file.unlink(missing_ok=True)
    return size


class KeptFeatures:
    """Features of one network's taps.

    A file that cannot be read or written is told to the log, and left alone from then on: everything is computed.

    Args:
        network: what decides the features besides picture and taps; JSON-able
        sizes: how many features each tap has, in their order
        limit: bytes to keep at most; only features of earlier days make room for new ones, since a run through more
            pictures than there is room for would else find none of them the next time

    Attributes:
        found: how many pictures have been found
    """

    def __init__(self, network: Mapping[str, Any], sizes: Mapping[str, int], limit: int = LIMIT) -> None:
        self.found = 0
        self._sizes = dict(sizes)
        self._limit = limit
        described = dict(network)
        self._network = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).digest()[:_DIGEST]
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._database = self._guarded(_opened)

    def key(self, image: NDArray[np.uint8]) -> bytes:
        """What a picture is known by.

        Args:
            image: uint8, shape (3, H, W)
        """
        return hashlib.blake2b(image.tobytes(), digest_size=_DIGEST, key=repr(image.shape).encode()).digest()

    def get(self, key: bytes) -> NDArray[np.float32] | None:
        """Features of a picture, (D,), or None where they are not kept."""
        row = self._guarded(lambda: self._select(key))
        if row is None:
            return None
        sizes, content = json.loads(row[0]), np.frombuffer(row[1], np.float32)
        if not self._sizes.items() <= sizes.items() or len(content) != sum(sizes.values()):
            return None
        starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]), strict=False))
        self.found += 1
        return np.concatenate([content[starts[tap] : starts[tap] + size] for tap, size in self._sizes.items()])

    def put(self, key: bytes, features: NDArray[np.float32]) -> None:
        """Keep a picture's features, (D,), in place of those of fewer taps."""
        self._guarded(lambda: self._insert(key, features))

    def _select(self, key: bytes) -> tuple[str, bytes] | None:
        if self._database is None:
            return None
        query = "SELECT taps, content FROM features WHERE picture = ? AND network = ?"
        found: tuple[str, bytes] | None = self._database.execute(query, (key, self._network)).fetchone()
        return found

    def _insert(self, key: bytes, features: NDArray[np.float32]) -> None:
        if self._database is None or not _has_room(self._database, self._limit):
            return
        row = (key, self._network, json.dumps(self._sizes), features.astype(np.float32).tobytes(), _today())
        self._database.execute("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)", row)

    def _guarded(self, work: Callable[[], Result]) -> Result | None:
        with self._lock:
            try:
                return work()
            except (sqlite3.Error, OSError) as error:
                logging.getLogger(__name__).warning("%s: features are not kept (%s)", kept_file(), error)
                self._database = None
                return None


def _files() -> list[Path]:
    """The database, and what it writes beside it."""
    return list(kept_file().parent.glob(f"{kept_file().name}*"))


def _opened() -> sqlite3.Connection:
    kept_file().parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(kept_file(), timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(_TABLE)
    return database


def _has_room(database: sqlite3.Connection, limit: int) -> bool:
    """Whether there is room for a picture, made by the oldest ones of earlier days if need be."""
    oldest = "DELETE FROM features WHERE rowid IN (SELECT rowid FROM features WHERE day < ? ORDER BY rowid LIMIT ?)"
    while _used(database) >= limit:
        if not database.execute(oldest, (_today(), _AT_ONCE)).rowcount:
            return False
    return True


def _used(database: sqlite3.Connection) -> int:
    """Bytes that are not free."""
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _today() -> int:
    return date.today().toordinal()
