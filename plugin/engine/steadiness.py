"""How far scores move when a picture stays the same to the eye: turned, mirrored, saved well, cut by a pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ..errors import UsageError
from ..images import decode_scorable
from ..images.tensors import to_tensor
from ..metrics.base import Metric, NoReferenceMetric

Progress = Callable[[int, int | None], None]

#: What saving as JPEG well is, and by how much pictures are enlarged.
QUALITY: Final = 95
ENLARGED: Final = 1.1


def _saved(image: Image.Image) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return Image.open(file).convert("RGB")


def _enlarged(image: Image.Image) -> Image.Image:
    width, height = (round(ENLARGED * side) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


CHANGES: Final[Mapping[str, Callable[[Image.Image], Image.Image]]] = {
    "turned by 90°": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    f"saved as JPEG of quality {QUALITY}": _saved,
    f"enlarged ×{ENLARGED}": _enlarged,
    "without its first column and row": lambda image: image.crop((1, 1, *image.size)),
}
"""Changes that few people would see, by name."""


@dataclass(frozen=True)
class Movement:
    """How far a metric's scores move by one change, in the metric's own unit.

    Args:
        metric: its name
        change: one of ``CHANGES``
        images: how many
        median: of the distances between the scores of changed and unchanged pictures
        high: their 95th percentile
    """

    metric: str
    change: str
    images: int
    median: float
    high: float


def movements(
    paths: Sequence[str | Path], metrics: Sequence[Metric], progress: Progress | None = None
) -> list[Movement]:
    """Score pictures as they are and with each change.

    Args:
        paths: image files
        metrics: that judge pictures by themselves
        progress: told how many pictures are done, and of how many

    Raises:
        UsageError: there are no pictures, or a metric needs a reference
        ImageError: a picture cannot be scored
    """
    if not paths:
        raise UsageError("no pictures to score")
    judging = [metric for metric in metrics if isinstance(metric, NoReferenceMetric)]
    for metric in metrics:
        if metric not in judging:
            raise UsageError(f"{metric.info.title} compares a picture with a reference; name metrics that need none")
    moved = np.empty((len(paths), len(judging), len(CHANGES)))
    for row, path in enumerate(paths):
        decoded = decode_scorable(path)
        pictures = [decoded, *(replace(decoded, image=change(decoded.image)) for change in CHANGES.values())]
        for column, metric in enumerate(judging):
            scores = [float(metric.assess(to_tensor(each, metric.policy)[None]).scores[0]) for each in pictures]
            moved[row, column] = np.abs(np.subtract(scores[1:], scores[0]))
        if progress:
            progress(row + 1, len(paths))
    medians, highs = np.quantile(moved, [0.5, 0.95], axis=0)
    return [
        Movement(metric.info.name, change, len(paths), float(medians[column, place]), float(highs[column, place]))
        for column, metric in enumerate(judging)
        for place, change in enumerate(CHANGES)
    ]
