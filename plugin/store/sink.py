"""Where the scores of one metric go, and what came of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import kind_of
from ..metrics import MetricInfo
from .learnt import learnt_note
from .runs import Run
from .writer import ScoreWriter

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Summary:
    """What a computation did.

    Attributes:
        metric: name of the metric
        field: field that holds the scores
        run_key: key of the FiftyOne run that records the settings
        scored: samples that now have a score
        failed: samples that have a reason instead
        skipped: samples that were left alone because they had a score
        errors: the kinds of reasons and how many samples have each, most frequent first
        warnings: what to know before trusting the scores
    """

    metric: str
    field: str
    run_key: str
    scored: int
    failed: int
    skipped: int
    errors: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The summary, ready for JSON."""
        return asdict(self)


@dataclass
class Sink:
    """Where the scores of one metric go.

    Args:
        metric: the metric
        field: field of the scores
        writer: writes them
        run: records them
        wanted: number of the samples to score
        total: number of samples in the view
        learnt: images that the model learnt from
    """

    metric: MetricInfo
    field: str
    writer: ScoreWriter
    run: Run
    wanted: int
    total: int
    learnt: int = 0

    def summary(self, warnings: tuple[str, ...]) -> Summary:
        """What has been written so far."""
        kinds: Counter[str] = Counter()
        for reason, number in self.writer.errors.items():
            kinds[kind_of(reason)] += number
        return Summary(
            metric=self.metric.name,
            field=self.field,
            run_key=self.run.key,
            scored=self.writer.scored,
            failed=self.writer.failed,
            skipped=self.total - self.wanted,
            errors=tuple(kinds.most_common()),
            warnings=(*warnings, *self._learnt_note()),
        )

    def _learnt_note(self) -> tuple[str, ...]:
        return (learnt_note(self.field, self.learnt, self.wanted),) if self.learnt else ()
