"""Images to measures of what may be wrong with them, by themselves or along with their scores."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError
from ..images import MAX_PIXELS, Decoded, decode
from ..issues import Measured, measure
from ..threads import in_order

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Subject:
    """An image, or a part of one, to examine.

    Args:
        key: whatever the caller knows it by
        path: of the image
        box: the part: left, top, width and height as shares of the image's; None for the whole
    """

    key: Any
    path: str | Path
    box: Box | None = None


@dataclass(frozen=True)
class Examination:
    """What was found.

    Args:
        subject: the subject
        measured: its measures, or why there are none
    """

    subject: Subject
    measured: Measured | ImageError


def as_text(measured: Measured) -> str:
    """What :func:`from_text` makes the same measures of, to the bit."""
    signs = None if measured.signs is None else measured.signs.tobytes().hex()
    return json.dumps([measured.values, measured.digest.hex(), signs])


def from_text(text: str) -> Measured:
    """The measures of :func:`as_text`.

    Raises:
        ValueError: if the text is none of its
    """
    try:
        values, digest, signs = json.loads(text)
        bits = None if signs is None else np.frombuffer(bytes.fromhex(signs), np.uint8)
        return Measured(dict(values), bytes.fromhex(digest), bits)
    except TypeError as error:
        raise ValueError(str(error)) from error


def examine(subjects: Iterable[Subject], *, max_pixels: int = MAX_PIXELS) -> Iterator[Examination]:
    """Examine subjects, in order; an image whose parts come one after the other is decoded once for all of them.

    Args:
        subjects: images and parts of images
        max_pixels: limit on an image's width × height
    """

    def work(path: str | Path, parts: Sequence[Subject]) -> list[Examination]:
        try:
            decoded = decode(path, max_pixels=max_pixels)
        except ImageError as error:
            return [Examination(part, error) for part in parts]
        return [Examination(part, measure(decoded, part.box)) for part in parts]

    width = os.cpu_count() or 1
    with ThreadPoolExecutor(width) as pool:
        groups = groupby(subjects, key=lambda subject: subject.path)
        jobs = (pool.submit(work, path, list(parts)) for path, parts in groups)
        for found in in_order(jobs, 2 * width):
            yield from found


class Examiner:
    """Examines what a :class:`~.scorer.Scorer` decodes: ``Scorer(metrics, watch=examiner.watch)``."""

    def __init__(self) -> None:
        self._found: dict[str, Measured | ImageError] = {}

    def watch(self, path: str | Path, decoded: Decoded | ImageError) -> None:
        """Take a file as it was decoded."""
        self._found[str(path)] = decoded if isinstance(decoded, ImageError) else measure(decoded)

    def of(self, subject: Subject) -> Examination:
        """What was found of a whole image that has been scored.

        Raises:
            KeyError: if it has not been
        """
        return Examination(subject, self._found[str(subject.path)])
