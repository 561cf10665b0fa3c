"""Values of a view's samples as a stream, and kept on disk: as much memory for a million as for a thousand."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from fiftyone.core.collections import SampleCollection

T = TypeVar("T")

_READ_BYTES: Final = 1 << 20


def stream(samples: SampleCollection, fields: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The id and the values of top-level fields of each sample, in the view's order; None where there is none.

    As ``values`` of FiftyOne, which holds all of them at once.
    """
    names = samples._handle_db_fields(list(fields))
    # The id comes by itself.
    cursor = samples._aggregate(post_pipeline=[{"$project": dict.fromkeys(names, True) or {"_id": True}}])
    for document in cursor:
        yield str(document["_id"]), *(document.get(name) for name in names)


def pages(elements: Iterable[T], size: int) -> Iterator[list[T]]:
    """Elements in lists of so many; the last may be shorter."""
    remaining = iter(elements)
    return iter(lambda: list(islice(remaining, size)), [])


class Spool:
    """Rows of plain values in a temporary file, which goes when this does.

    What is read of a view stays as it was when scores change it, and no cursor of the database waits for the scoring.

    Args:
        rows: lists of what JSON can hold
    """

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as this)
        self._count = 0
        for row in rows:
            self._file.write(json.dumps(row).encode() + b"\n")
            self._count += 1
        self._size = self._file.tell()

    def __len__(self) -> int:
        """How many rows there are."""
        return self._count

    def __iter__(self) -> Iterator[list[Any]]:
        """The rows, in order, from the first on for each that asks."""
        place = 0
        while place < self._size:
            # Every reader has a place of its own in the one file.
            self._file.seek(place)
            lines = self._file.readlines(_READ_BYTES)
            place = self._file.tell()
            yield from map(json.loads, lines)
