"""What of a view is to be scored: read once, and kept on disk while its samples change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import tee
from typing import TYPE_CHECKING, Any, Final

from fiftyone.core.collections import SampleCollection

from ..metrics import MetricInfo
from .fields import ScoreFields
from .items import Source
from .streams import Spool, pages

if TYPE_CHECKING:
    from ..engine.engines import Engine
    from ..engine.records import Score

_PAGE: Final = 1000


class PendingSamples:
    """The samples of a view as they are before they are scored, kept on disk.

    Args:
        source: where the images are
        samples: dataset or view
        metrics: what is computed
        only_missing: leave those out that have a score

    Attributes:
        total: how many there are
        wanted: how many of them each metric is to score
        to_score: how many any metric is to score
    """

    def __init__(
        self, source: Source, samples: SampleCollection, metrics: Sequence[MetricInfo], *, only_missing: bool
    ) -> None:
        names = [ScoreFields.of(metric) for metric in metrics]
        self.total = self.to_score = 0
        self.wanted = [0] * len(names)

        def rows() -> Iterator[list[Any]]:
            for row in source.read(samples, [field for name in names for field in (name.score, name.error)]):
                wanted = [not only_missing or score is None for score in row.others[::2]]
                self.total += 1
                self.wanted = [count + is_wanted for count, is_wanted in zip(self.wanted, wanted, strict=True)]
                if any(wanted):
                    yield [row.key, row.dist, row.ref, wanted, [error is not None for error in row.others[1::2]]]

        self._rows = Spool(rows())
        self.to_score = len(self._rows)

    def scored_by(self, scorer: Engine) -> Iterator[tuple[list[bool], list[bool], Score]]:
        """Of each, which metrics are to score it, which left a reason before, and its scores."""
        from ..engine.records import Item

        rows, ahead = tee(self._rows)
        scores = scorer.run(Item(key, dist, ref) for key, dist, ref, _, _ in ahead)
        for (*_, wanted, stale), score in zip(rows, scores, strict=True):
            yield wanted, stale, score

    def pages(self, place: int) -> Iterator[list[tuple[str, str]]]:
        """Id and path of each that the metric at a place is to score, many at a time."""
        return pages(((key, dist) for key, dist, _, wanted, _ in self._rows if wanted[place]), _PAGE)
