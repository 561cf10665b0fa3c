"""How far scores move, and how much less time they take, where networks compute in bfloat16."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

import numpy as np

from ..errors import UsageError
from ..evaluation import correlate
from ..metrics.precision import BFLOAT16, FLOAT32
from .records import Item
from .scorer import Scorer

_TURN = 16
"""Items that either precision scores before it is the other's turn."""


@dataclass(frozen=True)
class Change:
    """What bfloat16 changes of one metric's scores.

    Args:
        metric: its name
        n: images with a score in both
        largest: largest difference
        mean: mean of the differences without their signs
        scale: standard deviation of the scores in float32, to see the differences by
        srcc: Spearman's correlation between the two
        opinion: that of either with opinion, float32 first; nothing without opinion
        speed: processor time in float32 over that in bfloat16, median of the turns
    """

    metric: str
    n: int
    largest: float
    mean: float
    scale: float
    srcc: float | None
    opinion: tuple[float | None, ...]
    speed: float


def change(
    metric: str,
    items: Sequence[Item],
    opinions: Sequence[float] | None = None,
    *,
    device: str = "cpu",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Change:
    """Score items in both precisions, in turns.

    Args:
        metric: a metric's name
        items: what to score
        opinions: of each, not a number where there is none
        device: see :class:`~.scorer.Scorer`
        progress: called with how many are done, and of how many

    Raises:
        UsageError: if the metric has no precision, the device has no bfloat16, or nothing could be scored
    """
    scorers = [Scorer([metric], device=device, precision=precision) for precision in (FLOAT32, BFLOAT16)]
    found: tuple[list[float], list[float]] = ([], [])
    ratios = []
    stream = iter(items)
    while turn := list(islice(stream, _TURN)):
        seconds = []
        for scorer, values in zip(scorers, found, strict=True):
            start = time.process_time()
            for score in scorer.run(turn):
                measured = score.measurements.get(next(iter(scorer.metrics)))
                values.append(float("nan") if measured is None else measured.value)
            seconds.append(time.process_time() - start)
        ratios.append(seconds[0] / seconds[1])
        progress(len(found[0]), len(items))
    exact, fast = map(np.array, found)
    both = np.isfinite(exact) & np.isfinite(fast)
    if not both.any():
        raise UsageError(f"{metric}: none of the {len(items)} images could be scored")
    difference = np.abs(exact[both] - fast[both])
    agreement = () if opinions is None else tuple(correlate(values, opinions).srcc for values in (exact, fast))
    return Change(
        metric,
        int(both.sum()),
        float(difference.max()),
        float(difference.mean()),
        float(exact[both].std()),
        correlate(exact, fast).srcc,
        agreement,
        median(ratios),
    )
