"""What has been scored, counted: failures by reason, and the worst."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..plugin.errors import without_paths

if TYPE_CHECKING:
    from ..plugin.engine.records import Item
    from ..plugin.metrics import MetricInfo


class Tally:
    """Failures by reason, and the worst by one metric.

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

    def add(self, row: Mapping[str, str], item: Item) -> None:
        """One row as it is written."""
        if row["error"]:
            self.failures[without_paths(row["error"], item.dist, item.ref)] += 1
        if self._top and row[self._info.field]:
            self._scores.append((float(row[self._info.field]), row[self._dist]))

    def worst(self) -> list[tuple[float, str]]:
        """Scores and paths of the worst, worst first."""
        pick = heapq.nlargest if self._info.lower_is_better else heapq.nsmallest
        return pick(self._top, self._scores)
