"""The table of where scores stand, measured on photographs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from PIL import Image

from ..datasets.synthesis.distortions import DISTORTIONS, LEVELS
from ..datasets.synthesis.photos import photos_in, read_photo
from ..errors import UsageError
from .records import Item
from .scorer import Scorer
from .standing import Ladder, StandingTable, decisive

_QUALITIES: Final = (95, 90, 80, 70, 60, 50, 40, 30, 20, 15, 10, 5)


@dataclass(frozen=True)
class _Rungs:
    """A distortion of the table: its ladder, and the strengths behind the steps."""

    ladder: Ladder
    strengths: tuple[float, ...]


def _by_level(kind: str) -> _Rungs:
    distortion = DISTORTIONS[kind]
    levels = tuple(level for level in LEVELS if level != distortion.neutral)
    return _Rungs(Ladder(distortion.title, levels, "level"), tuple(distortion.strengths[n - 1] for n in levels))


_RUNGS: Final = {
    "jpeg": _Rungs(Ladder("JPEG quality", _QUALITIES, "number"), _QUALITIES),
    **{kind: _by_level(kind) for kind in ("jpeg_2000", "gaussian_blur", "white_noise")},
}


def measure(
    photos: Path, scorer: Scorer, progress: Callable[[int, int], None] = lambda done, total: None
) -> StandingTable:
    """Distort photographs, score them, and keep the quartiles over the photographs.

    Args:
        photos: folder of photographs, which are distorted at their own size
        scorer: of full-reference metrics
        progress: called with the number of images done and in all

    Raises:
        UsageError: if there is no photograph, or one or its score cannot be had
    """
    found, _ = photos_in(photos)
    each = sum(len(rungs.strengths) for rungs in _RUNGS.values())
    values = {
        metric: {kind: np.empty((len(rungs.strengths), len(found))) for kind, rungs in _RUNGS.items()}
        for metric in scorer.metrics
    }
    sizes = set()
    for place, photo in enumerate(found):
        image = read_photo(photo, None)
        sizes.add(tuple(sorted(image.size, reverse=True)))
        with TemporaryDirectory() as folder:
            for done, score in enumerate(scorer.run(_items(photo, image, Path(folder))), start=1):
                if score.error:
                    raise UsageError(f"{photo}: {score.item.key}: {score.error}")
                kind, rung = score.item.key
                for metric, measured in score.measurements.items():
                    values[metric][kind][rung, place] = measured.value
                progress(place * each + done, len(found) * each)
    return StandingTable(
        photographs=len(found),
        source=f"photographs of {_in_words(sorted(sizes))} pixels",
        ladders={kind: rungs.ladder for kind, rungs in _RUNGS.items()},
        settings={metric: decisive(settings) for metric, settings in scorer.describe()["metrics"].items()},
        quartiles={
            metric: {kind: np.percentile(scores, (25, 50, 75), axis=1).T for kind, scores in by_kind.items()}
            for metric, by_kind in values.items()
        },
    )


def _items(photo: Path, image: Image.Image, folder: Path) -> Iterator[Item]:
    """A photograph's distorted images, written as they are asked for."""
    reference = folder / "reference.png"
    image.save(reference, compress_level=1)
    pixels = np.array(image)
    for kind, rungs in _RUNGS.items():
        for rung, strength in enumerate(rungs.strengths):
            stream = zlib.crc32(f"{photo.stem} {kind} {strength:g}".encode())
            path = folder / f"{kind}-{rung}.png"
            worse = DISTORTIONS[kind].apply(pixels, strength, np.random.default_rng(stream))
            Image.fromarray(worse).save(path, compress_level=1)
            yield Item((kind, rung), path, reference)


def _in_words(sizes: Sequence[tuple[int, ...]]) -> str:
    words = [f"{width} × {height}" for width, height in sizes]
    return words[0] if len(words) == 1 else f"{words[0]} to {words[-1]}"
