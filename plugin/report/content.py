"""What a report says, from a table of scores."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import UsageError
from ..evaluation import evaluate
from ..evaluation.report import Row
from ..tables import Table
from ..vocabulary import RESAMPLES

#: Groups whose agreement is shown; beyond them the smallest are left out, and said to be.
MOST_GROUPS: Final = 40


@dataclass(frozen=True)
class Scored:
    """A column of scores.

    Args:
        column: its name
        title: what to call it
        lower_is_better: its direction
    """

    column: str
    title: str
    lower_is_better: bool


@dataclass(frozen=True)
class Distribution:
    """How scores spread: the metric, the finite values, how many rows have none."""

    metric: Scored
    values: tuple[float, ...]
    missing: int


@dataclass(frozen=True)
class Shown:
    """An image with its score by the first metric."""

    path: Path
    score: float
    issues: str


@dataclass(frozen=True)
class Content:
    """All that a report says.

    Args:
        title: of the report
        images: how many rows there are
        distributions: of each metric
        worst: by the first metric, worst first
        best: by the first metric, best first
        issues: how many images have which issue, most first; empty where nobody looked
        looked_for_issues: whether somebody did
        failures: how many rows failed for which reason
        target: column of opinions, if there is one
        agreement: of each metric with the target, of all images and of each group
        left_out: groups that are not shown
        settings: what was computed how, by heading
    """

    title: str
    images: int
    distributions: tuple[Distribution, ...]
    worst: tuple[Shown, ...]
    best: tuple[Shown, ...]
    issues: tuple[tuple[str, int], ...]
    looked_for_issues: bool
    failures: tuple[tuple[str, int], ...]
    target: str | None = None
    agreement: tuple[Row, ...] = ()
    left_out: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


def from_table(
    table: Table,
    metrics: Sequence[Scored],
    *,
    title: str,
    dist: str = "dist",
    target: str | None = None,
    target_lower_is_better: bool = False,
    by: str | None = None,
    cluster: str | None = None,
    issues: str = "quality_issues",
    error: str = "error",
    top: int = 8,
    resamples: int = RESAMPLES,
    settings: Mapping[str, Any] | None = None,
) -> Content:
    """Gather what a report says.

    Args:
        table: a row an image
        metrics: its columns of scores, the one that ranks images first
        title: of the report
        dist: column of the images' paths
        target: column of opinions to compare the scores with
        target_lower_is_better: its direction
        by: column of groups, such as the type of distortion, to compare within
        cluster: column of what was sampled together, for the intervals
        issues: column of issues' names, separated by "; ", if there is one
        error: column of reasons why there is no score, if there is one
        top: how many of the worst and the best are shown
        resamples: of the bootstrap, for 95 % intervals
        settings: what was computed how

    Raises:
        UsageError: a column is missing or holds no numbers, or there is nothing to report on
    """
    if not metrics:
        raise UsageError(f"{table.path}: no column of scores that is known; name one by -m COLUMN:lower or :higher")
    table.require(dist, *(each.column for each in metrics), *(each for each in (target, by, cluster) if each))
    numbers = {each.column: np.array(table.numbers(each.column)) for each in metrics}
    found = [row.get(issues, "") for row in table.rows]
    first = metrics[0]
    order = np.argsort(numbers[first.column] * (1 if first.lower_is_better else -1), kind="stable")
    ranked = [int(index) for index in order if math.isfinite(numbers[first.column][index])]
    top = min(top, (len(ranked) + 1) // 2)

    def shown(index: int) -> Shown:
        return Shown(table.root / table.rows[index][dist].strip(), float(numbers[first.column][index]), found[index])

    return Content(
        title=title,
        images=len(table.rows),
        distributions=tuple(_distribution(each, numbers[each.column]) for each in metrics),
        worst=tuple(map(shown, reversed(ranked[-top:]))) if top else (),
        best=tuple(map(shown, ranked[:top])),
        issues=tuple(Counter(name for text in found for name in text.split("; ") if name).most_common()),
        looked_for_issues=issues in table.columns,
        failures=tuple(Counter(text for row in table.rows if (text := row.get(error, ""))).most_common(12)),
        target=target,
        settings=dict(settings or {}),
        **_agreement(table, metrics, numbers, target, target_lower_is_better, by, cluster, resamples),
    )


def _distribution(metric: Scored, values: Any) -> Distribution:
    finite = values[np.isfinite(values)]
    return Distribution(metric, tuple(map(float, finite)), len(values) - len(finite))


def _agreement(
    table: Table,
    metrics: Sequence[Scored],
    numbers: Mapping[str, Any],
    target: str | None,
    lower: bool,
    by: str | None,
    cluster: str | None,
    resamples: int,
) -> dict[str, Any]:
    if target is None:
        return {}
    groups = None if by is None else [row[by] for row in table.rows]
    most = [] if groups is None else [name for name, _ in Counter(filter(None, groups)).most_common()]
    kept = set(most[:MOST_GROUPS])
    evaluation = evaluate(
        {each.title: numbers[each.column] for each in metrics},
        table.numbers(target),
        target_name=target,
        target_lower_is_better=lower,
        lower_is_better={each.title: each.lower_is_better for each in metrics},
        groups=None if groups is None else [name if name in kept else None for name in groups],
        clusters=None if cluster is None else [row[cluster] for row in table.rows],
        resamples=resamples,
    )
    return {"agreement": evaluation.rows, "left_out": len(most) - len(kept)}
