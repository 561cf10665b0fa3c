"""What a look at a dataset's images has found so far, so that the next one goes on where it was stopped."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from ..cache import cache_dir
from ..errors import ImageError

if TYPE_CHECKING:
    from ..engine.examining import Examination, Subject
    from ..issues import Measured

_PACKAGE: Final = "fiftyone-deepmse"


class Examined:
    """Examinations of a dataset's images, in the user's cache folder until the look has ended.

    What is kept of an image holds as long as its file has the same size and time; failures are not kept. A damaged
    file is begun anew; one that cannot be read or written is told to the log, and nothing is kept.

    Args:
        dataset: its id
    """

    def __init__(self, dataset: str) -> None:
        self._path = cache_dir() / "examined" / f"{dataset}-{version(_PACKAGE)}.jsonl"
        self._found: dict[str, Measured] = {}
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            if kind is None:
                self._path.unlink(missing_ok=True)

    def examine(self, subjects: Sequence[Subject]) -> Iterator[Examination]:
        """Examine subjects, in order, but for those of which something is kept."""
        from ..engine.examining import Examination, examine

        self._open()
        # Before a file is read: what is found of one that changes meanwhile is not taken for that of the new one.
        marks = list(map(_mark, subjects))
        known = [None if mark is None else self._found.get(mark) for mark in marks]
        others = examine(subject for subject, measured in zip(subjects, known, strict=True) if measured is None)
        for subject, mark, measured in zip(subjects, marks, known, strict=True):
            if measured is not None:
                yield Examination(subject, measured)
                continue
            examination = next(others)
            if mark is not None and not isinstance(examination.measured, ImageError):
                self._keep(mark, examination.measured)
            yield examination

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._found, length = self._read()
            # Unbuffered, so that each line outlives this process.
            self._file = self._path.open("ab", buffering=0)
            os.truncate(self._path, length)
        except OSError as error:
            self._give_up(error)

    def _keep(self, mark: str, measured: Measured) -> None:
        from ..engine.examining import as_text

        if self._file is None:
            return
        try:
            self._file.write(json.dumps([mark, as_text(measured)]).encode() + b"\n")
        except OSError as error:
            self._give_up(error)

    def _read(self) -> tuple[dict[str, Measured], int]:
        """What the file has, and the length of its whole lines; nothing of a damaged one."""
        from ..engine.examining import from_text

        content = self._path.read_bytes() if self._path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        try:
            return {mark: from_text(text) for mark, text in map(json.loads, whole.splitlines())}, len(whole)
        except (ValueError, TypeError):
            return {}, 0

    def _give_up(self, error: OSError) -> None:
        logging.getLogger(__name__).warning("%s: what is found is not kept (%s)", self._path, error)
        self._found, self._file = {}, None


def _mark(subject: Subject) -> str | None:
    """What a subject is known by; None where its file is not at hand, or its path none."""
    try:
        found = Path(subject.path).stat()
    except (OSError, ValueError):
        return None
    return json.dumps([subject.key, str(subject.path), subject.box, found.st_size, found.st_mtime_ns])
