"""Opinions of distorted pictures by their likeness to the originals: labels where nobody was asked.

Two full-reference metrics that follow opinion closely, HaarPSI and MDSI, are mapped to the difference mean opinion
scores of a set that people have judged, and these to the scale of opinions from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ...datasets.records import QualityDataset
from ...datasets.synthesis.distortions.pixels import Pixels
from ...datasets.synthesis.photos import read_photo
from ...errors import UsageError
from ...metrics import create
from ...metrics.base import FullReferenceMetric

Array = NDArray[np.float64]
Comparison = Callable[[Pixels, Pixels], dict[str, float]]

METRICS: Final = ("haarpsi", "mdsi")

#: What a picture as good as its original is worth, where opinion is half of that, and how steeply it falls there.
BEST: Final = 90.0
HALFWAY: Final = 33.0
STEEPNESS: Final = 2.6


@dataclass(frozen=True)
class LikenessScale:
    """Powers of what two metrics say, each in proportion to difference opinion; their mean is taken.

    Args:
        haarpsi: factor and exponent for 1 - HaarPSI
        mdsi: factor and exponent for MDSI
    """

    haarpsi: tuple[float, float]
    mdsi: tuple[float, float]

    @classmethod
    def fit(cls, haarpsi: Array, mdsi: Array, dmos: Array) -> Self:
        """Fit each metric by itself to difference opinions by least squares.

        Args:
            haarpsi: of N pictures against their originals
            mdsi: of the same
            dmos: 0 where no difference is seen, to about 100
        """
        return cls(_power(_unlikeness(haarpsi), dmos), _power(mdsi, dmos))

    def dmos(self, haarpsi: Array, mdsi: Array) -> Array:
        """Difference opinions by the metrics, (N,)."""
        (a, p), (b, q) = self.haarpsi, self.mdsi
        return 0.5 * (a * _unlikeness(haarpsi) ** p + b * np.clip(mdsi, 0, None) ** q)


def opinion(dmos: Array) -> Array:
    """Difference opinions, 0 to about 100, on the scale of opinions, where ``BEST`` is as good as the original."""
    return BEST / (1 + (np.maximum(dmos, 0) / HALFWAY) ** STEEPNESS)


def likeness() -> Comparison:
    """What computes the metrics, by name, of an original and a picture of it, both (H, W, 3)."""
    metrics: dict[str, FullReferenceMetric] = {}
    for name in METRICS:
        metric = create(name, device="cpu")
        if not isinstance(metric, FullReferenceMetric):
            raise TypeError(f"{name} compares no pictures")
        metrics[name] = metric

    def compare(original: Pixels, picture: Pixels) -> dict[str, float]:
        first, second = (torch.from_numpy(pixels).permute(2, 0, 1)[None] for pixels in (original, picture))
        return {
            name: float(metric.compare([metric.prepare(first)], second).scores[0]) for name, metric in metrics.items()
        }

    return compare


def likeness_of(judged: QualityDataset) -> tuple[Array, Array]:
    """HaarPSI and MDSI of a dataset's pictures against their references, each (N,).

    Raises:
        UsageError: if a picture has no reference
        ImageError: if one cannot be compared
    """
    compare = likeness()
    rows = []
    for record in judged.records:
        if record.ref is None:
            raise UsageError(f"{record.dist}: has no reference to compare it with")
        rows.append(compare(*(np.array(read_photo(path, None)) for path in (record.ref, record.dist))))
    haarpsi, mdsi = (np.array([row[name] for row in rows]) for name in METRICS)
    return haarpsi, mdsi


def _unlikeness(haarpsi: Array) -> Array:
    return np.clip(1 - haarpsi, 0, 1)


def _power(x: Array, y: Array) -> tuple[float, float]:
    """Factor and exponent of the power of x that is nearest to y."""
    from scipy.optimize import least_squares

    factor, exponent = least_squares(lambda p: p[0] * x ** p[1] - y, (100.0, 1.0)).x
    return float(factor), float(exponent)
