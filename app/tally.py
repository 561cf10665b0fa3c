"""What has been scored, counted: failures by reason, pairs that do not lie over each other, and the worst."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..plugin.errors import without_paths

if TYPE_CHECKING:
    from ..plugin.engine.records import Item
    from ..plugin.metrics import MetricInfo


SHOWN: Final = 10


def listed(names: Sequence[str]) -> str:
    """The first few names of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


class Tally:
    """Failures by reason, pairs that do not lie over each other, and the worst by one metric.

    Args:
        info: the metric
        dist: the column of paths
        top: how many of the worst; where 0, no scores are kept
    """

    def __init__(self, info: MetricInfo, dist: str, top: int) -> None:
        self._top = top
        self.failures: Counter[str] = Counter()
        self._info = info
        self._dist = dist
        self._scores: list[tuple[float, str]] = []
        self._misshapen: list[str] = []

    def add(self, row: Mapping[str, str], item: Item, notes: Sequence[str] = ()) -> None:
        """One row as it is written, and what was done to its images."""
        from ..plugin.engine.measuring import SHAPES_DIFFER

        if row[self._info.field] and any(note.startswith(SHAPES_DIFFER) for note in notes):
            self._misshapen.append(row[self._dist])
        if row["error"]:
            self.failures[without_paths(row["error"], item.dist, item.ref)] += 1
        if self._top and row[self._info.field]:
            self._scores.append((float(row[self._info.field]), row[self._dist]))

    @property
    def warnings(self) -> list[str]:
        """What to know before trusting the scores."""
        if not self._misshapen:
            return []
        return [
            f"{listed(self._misshapen)}: of another shape than the reference and stretched over it: the score is no "
            "measure of quality; crop one to the shape of the other"
        ]

    def worst(self) -> list[tuple[float, str]]:
        """Scores and paths of the worst, worst first."""
        pick = heapq.nlargest if self._info.lower_is_better else heapq.nsmallest
        return pick(self._top, self._scores)
