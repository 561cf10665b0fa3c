"""Photographs, distorted, as statistics of their pixels."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ...datasets.synthesis.distortions import DISTORTIONS, LEVELS
from ...datasets.synthesis.photos import read_photo
from ...images import DECODING
from ...metrics.causes import NONE
from ...threads import in_order, lanes
from ..features.files import FeatureWriter, read
from ..gaussian_process.features import at_working_size
from ..gaussian_process.statistics import COUNT, pixel_statistics

Progress = Callable[[int, int | None], None]

NAMES: Final = (NONE, *(distortion.title for distortion in DISTORTIONS.values()))
"""What is told apart."""


@dataclass(frozen=True)
class Examples:
    """N distorted pictures.

    Args:
        statistics: of the pixels, (N, D)
        causes: place in ``NAMES``, (N,)
        levels: of the distortion, 0 where there is none, (N,)
        photographs: file of the photograph that each was made of, (N,)
    """

    statistics: NDArray[np.float32]
    causes: NDArray[np.intp]
    levels: NDArray[np.intp]
    photographs: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.causes)

    def __getitem__(self, chosen: NDArray[Any]) -> Self:
        parts = (self.statistics, self.causes, self.levels, self.photographs)
        return type(self)(*(part[chosen] for part in parts))


@dataclass(frozen=True)
class Picture:
    """One to make.

    Args:
        photo: what of
        kind: of ``DISTORTIONS``, or ``NONE``
        level: of the distortion, 0 where there is none
    """

    photo: Path
    kind: str = NONE
    level: int = 0

    def statistics(self) -> NDArray[np.float32]:
        """Make it and take the statistics of its pixels, (D,).

        Raises:
            ImageError: if the photograph cannot be used
        """
        pixels = np.array(read_photo(self.photo, None))
        if self.kind != NONE:
            # The streams of ``deepmse synth``: these are its pictures.
            stream = zlib.crc32(f"{self.photo.stem} {self.kind} {self.level}".encode())
            pixels = DISTORTIONS[self.kind](pixels, self.level, np.random.default_rng([0, stream]))
        return statistics_of(pixels)


def in_every_way(photo: Path) -> Iterator[Picture]:
    """A photograph as it is, and of every type at every level; those that leave it as it is are left out."""
    yield Picture(photo)
    for kind, distortion in DISTORTIONS.items():
        yield from (Picture(photo, kind, level) for level in LEVELS if level != distortion.neutral)


def in_some_way(photo: Path) -> Iterator[Picture]:
    """A photograph as it is, and of every type at one level, which is drawn."""
    drawn = np.random.default_rng(zlib.crc32(photo.stem.encode()))
    for _, group in groupby(in_every_way(photo), key=attrgetter("kind")):
        pictures = list(group)
        yield pictures[drawn.integers(len(pictures))]


def statistics_of(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a picture, (H, W, 3), is told by, (D,)."""
    image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]
    return pixel_statistics(at_working_size(image))[0].numpy()


def make(pictures: Sequence[Picture], kept: Path, *, progress: Progress = lambda done, total: None) -> Examples:
    """Make pictures, and take the statistics of their pixels; or go on with those that are kept.

    Args:
        pictures: what to make
        kept: ``.npz`` file where the statistics are kept
        progress: told how many are done, and of how many

    Raises:
        ImageError: if a photograph cannot be used
        UsageError: if the file is of other pictures
        OutputError: if it cannot be written
    """
    names = [f"{each.photo} {each.kind} {each.level}" for each in pictures]
    with (
        FeatureWriter(kept, names, {"statistics": COUNT, "decoding": DECODING}, resume=True) as writer,
        lanes(torch.device("cpu")) as (computing, width),
    ):
        jobs = (computing.submit(each.statistics) for each in pictures[writer.done :])
        for statistics in in_order(jobs, 2 * width):
            writer.write(statistics[None])
            progress(writer.done, len(pictures))
    places = {kind: place for place, kind in enumerate((NONE, *DISTORTIONS))}
    return Examples(
        read(kept).features[:, 0],
        np.array([places[each.kind] for each in pictures]),
        np.array([each.level for each in pictures]),
        np.array([str(each.photo) for each in pictures]),
    )
