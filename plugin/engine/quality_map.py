"""Where in a picture a no-reference metric finds it good or bad: the metric's scores of overlapping windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import UsageError
from ..images.sizes import between
from ..metrics.base import NoReferenceMetric

WINDOW: Final = 224
"""Side of a window in pixels: the smallest picture that ``nr`` looks at as it is."""

STRIDE: Final = WINDOW // 2
"""Largest step from one window to the next in pixels, so that all but the borders lies in several of them."""

LONGEST: Final = 1024
"""Longest side, in pixels, of the picture that windows are cut from: there are never more than 81 of them."""

_BATCH: Final = 8


@dataclass(frozen=True)
class QualityMap:
    """A metric's scores of the windows of one picture.

    Args:
        scores: each window's, shape (rows, columns), NaN where it has none
        tops: upper edges of the rows of windows, in pixels of the picture at ``size``
        lefts: left edges of the columns of windows, likewise
        window: height and width of every window, in pixels
        size: height and width that the picture was brought to before windows were cut
        range: smallest and largest possible score
        lower_is_better: the scores' direction
    """

    scores: NDArray[np.float64]
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    window: tuple[int, int]
    size: tuple[int, int]
    range: tuple[float, float]
    lower_is_better: bool

    @property
    def cells(self) -> NDArray[np.float64]:
        """The mean score of the windows over each place, NaN where none has a score.

        Places lie half a window apart, from border to border: shape (about ``2 H / window``, ``2 W / window``).
        """
        down, across = (
            _covering(starts, window, side)
            for starts, window, side in zip((self.tops, self.lefts), self.window, self.size, strict=True)
        )
        scored = np.isfinite(self.scores)
        counts = down @ scored @ across.T
        sums = down @ np.where(scored, self.scores, 0) @ across.T
        return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)

    @property
    def levels(self) -> NDArray[np.uint8]:
        """``cells`` as levels of a picture: 0 at the best possible score and where none is, 255 at the worst.

        As in error maps, what is bright is bad, on one scale for all pictures.
        """
        best, worst = self.range if self.lower_is_better else self.range[::-1]
        badness = np.nan_to_num((self.cells - best) / (worst - best))
        return (255 * badness.clip(0, 1)).round().astype(np.uint8)

    def describe(self) -> dict[str, Any]:
        """How the windows lie, for run records and small print; JSON-able."""
        return {
            "window": list(self.window),
            "stride": [int(np.diff(starts).max(initial=0)) for starts in (self.tops, self.lefts)],
            "windows": int(self.scores.size),
            "size": list(self.size),
        }


def quality_map(metric: NoReferenceMetric, image: torch.Tensor) -> QualityMap:
    """Score the overlapping windows of a picture.

    The picture is first brought to at most ``LONGEST`` pixels and, where it is smaller, to at least ``WINDOW`` pixels
    at its shorter side. Windows have ``WINDOW`` pixels a side and lie ``STRIDE`` apart or, to end at the borders, a
    little closer.

    Args:
        metric: a no-reference metric whose range is finite
        image: uint8 RGB, shape (3, H, W)

    Raises:
        UsageError: if the metric's range has no end, so that its scores have no place on a scale, or the picture is
            so narrow that the metric takes no window of it
    """
    require_scale(metric)
    picture = between(image[None], WINDOW, LONGEST)[0]
    height, width = picture.shape[-2:]
    window = min(WINDOW, height), min(WINDOW, width)
    if min(window) < metric.min_side:
        raise UsageError(
            f"{width}×{height} is too narrow for a map: {metric.info.title} needs {metric.min_side} pixels"
        )
    tops, lefts = (_starts(side, length) for side, length in zip((height, width), window, strict=True))
    corners = [(top, left) for top in tops for left in lefts]
    scores: list[float] = []
    with torch.inference_mode():
        for start in range(0, len(corners), _BATCH):
            windows = [
                picture[:, top : top + window[0], left : left + window[1]]
                for top, left in corners[start : start + _BATCH]
            ]
            scores += metric.assess(torch.stack(windows).to(image.device)).scores.tolist()
    grid = np.array(scores).reshape(len(tops), len(lefts))
    return QualityMap(
        grid, tops, lefts, window, (height, width), metric.info.range, lower_is_better=metric.info.lower_is_better
    )


def require_scale(metric: NoReferenceMetric) -> None:
    """Check that a metric's scores have a place on a scale.

    Raises:
        UsageError: if its range has no end
    """
    if not all(np.isfinite(metric.info.range)):
        raise UsageError(f"{metric.info.title} has no map: its scores have no ends that a scale could have")


def _starts(side: int, window: int) -> tuple[int, ...]:
    """Where windows begin along a side: evenly, the first at its start and the last at its end."""
    count = -(-(side - window) // STRIDE) + 1
    return tuple(np.linspace(0, side - window, count).round().astype(int).tolist())


def _covering(starts: Sequence[int], window: int, side: int) -> NDArray[np.float64]:
    """Which windows cover the middle of each place along a side, shape (places, windows): 1 or 0."""
    count = max(1, round(2 * side / window))
    middles = (np.arange(count)[:, None] + 0.5) * side / count
    return ((np.array(starts) <= middles) & (middles < np.array(starts) + window)).astype(np.float64)
