"""What goes into the engine and comes out: plain records that cross into other processes. Loads no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics.causes import Cause


@dataclass(frozen=True)
class Item:
    """One thing to score.

    Args:
        key: whatever the caller knows it by
        dist: path of the distorted image
        ref: path of its reference
    """

    key: Any
    dist: str | Path
    ref: str | Path | None = None


@dataclass(frozen=True)
class Measurement:
    """What one metric found.

    Args:
        value: the score
        stages: per-stage values, if the metric has stages
        error_map: where the images differ, or where an image by itself is bad, uint8 (h, w), on one scale for all
            images, if asked for
        deviation: standard deviation of the score's error, if the metric knows it
        percentile: share of the metric's training images that score lower, 0 to 100, if it has them
        grade: the score in a plain word, if the metric has them
        domain: how near the image is to the metric's training images, if it knows: "in", "near" or "out"
        causes: what the image may look bad by, the likeliest first, if the metric can tell
    """

    value: float
    stages: tuple[float, ...] = ()
    error_map: NDArray[np.uint8] | None = None
    deviation: float | None = None
    percentile: float | None = None
    grade: str | None = None
    domain: str | None = None
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Score:
    """An item's scores.

    Args:
        item: the item
        measurements: by metric name, of the metrics that succeeded
        errors: by metric name, why a metric has no score
        notes: what had to be done to the images beyond decoding and resizing
    """

    item: Item
    measurements: dict[str, Measurement]
    errors: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        """All reasons in one line, empty if every metric succeeded."""
        return " ".join("; ".join(dict.fromkeys(self.errors.values())).split())
