"""What a view holds of scores and targets, and how well they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fiftyone.core.collections import SampleCollection
from numpy.typing import NDArray

from ..errors import UsageError
from ..evaluation import Evaluation, evaluate
from ..evaluation.report import NO_GROUP
from ..metrics import MetricInfo
from .fields import Target, breakdown_fields, resolve_target, score_fields
from .items import is_grouped


@dataclass(frozen=True)
class QualityTable:
    """Scores, targets and groups of a view's samples, in its order.

    Attributes:
        target: what the scores are compared with
        metrics: the metric of each score field
        ids: sample ids
        targets: values of the target; NaN where missing
        scores: values of each score field; NaN where missing
        breakdown: field that the groups come from
        groups: label of each sample's group; ``NO_GROUP`` where the field is empty
    """

    target: Target
    metrics: dict[str, MetricInfo]
    ids: list[str]
    targets: NDArray[np.float64]
    scores: dict[str, NDArray[np.float64]]
    breakdown: str | None
    groups: list[str] | None

    def evaluate(self) -> Evaluation:
        """Agreement of each score field with the target, over everything and within each group."""
        return evaluate(
            self.scores,
            self.targets,
            target_name=self.target.field,
            target_lower_is_better=self.target.lower_is_better,
            lower_is_better={field: metric.lower_is_better for field, metric in self.metrics.items()},
            groups=self.groups,
        )


def read_table(
    samples: SampleCollection,
    target: str | None = None,
    metrics: Sequence[str] | None = None,
    breakdown: str | None = None,
    *,
    lower_is_better: bool | None = None,
) -> QualityTable:
    """Read what a comparison needs.

    Args:
        samples: dataset or view; of grouped ones all slices are read
        target: field with the target values; by default the one that the dataset declares
        metrics: score fields; by default all
        breakdown: field to group by
        lower_is_better: the target's direction; by default the declared one, else higher is better

    Raises:
        UsageError: a field is missing or of the wrong kind, or there are no scores
    """
    dataset = samples._root_dataset
    resolved = resolve_target(dataset, target, lower_is_better)
    available = score_fields(dataset)
    chosen = list(available) if metrics is None else list(metrics)
    if not chosen:
        raise UsageError(f"{dataset.name} holds no scores yet; compute some first")
    for field in chosen:
        if field not in available:
            raise UsageError(f"{dataset.name} holds no scores of a known metric in {field!r}")
    if breakdown is not None and breakdown not in breakdown_fields(dataset):
        raise UsageError(f"{dataset.name} has no text, whole-number or yes/no field {breakdown!r} to group by")
    view = samples.select_group_slices() if is_grouped(samples) and samples.media_type == "group" else samples
    fields = ["id", resolved.field, *chosen, *([breakdown] if breakdown else [])]
    ids, targets, *columns = view.values(fields)
    return QualityTable(
        target=resolved,
        metrics={field: available[field] for field in chosen},
        ids=ids,
        targets=_numbers(targets),
        scores={field: _numbers(column) for field, column in zip(chosen, columns, strict=False)},
        breakdown=breakdown,
        groups=[NO_GROUP if value in (None, "") else str(value) for value in columns[-1]] if breakdown else None,
    )


def evaluate_view(
    samples: SampleCollection,
    target: str | None = None,
    metrics: Sequence[str] | None = None,
    breakdown: str | None = None,
    *,
    lower_is_better: bool | None = None,
) -> Evaluation:
    """Agreement of a view's scores with its target; arguments and errors are those of ``read_table``."""
    return read_table(samples, target, metrics, breakdown, lower_is_better=lower_is_better).evaluate()


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """None becomes NaN."""
    return np.array(values, dtype=np.float64)
