"""What a view holds of scores and targets, and how well they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

import numpy as np
from fiftyone.core.collections import SampleCollection
from numpy.typing import NDArray

from ..errors import UsageError
from ..evaluation import Evaluation, evaluate
from ..evaluation.logistic import Curve
from ..evaluation.report import group_label
from ..metrics import MetricInfo
from .fields import LEARNT_SUFFIX, Target, breakdown_fields, cluster_field, resolve_target, score_fields
from .learnt import learnt_note
from .snapshot import Snapshot, take_snapshot


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
        groups: label of each sample's group, as rows of an evaluation have it
        deviations: standard deviation of each target; NaN where missing, None where the dataset holds none
        references: each sample's reference image, or the first that shows the same; None where neither is known
        learnt: how many of the samples the model behind a score field learnt from, where it did from any
    """

    target: Target
    metrics: dict[str, MetricInfo]
    ids: list[str]
    targets: NDArray[np.float64]
    scores: dict[str, NDArray[np.float64]]
    breakdown: str | None
    groups: list[str] | None
    deviations: NDArray[np.float64] | None = None
    references: list[str | None] | None = None
    learnt: dict[str, int] = dataclass_field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before trusting the agreement, in words."""
        return tuple(learnt_note(field, number, len(self.ids)) for field, number in self.learnt.items())

    def of(self, metrics: Sequence[str]) -> QualityTable:
        """The same with the scores of these fields alone."""
        return replace(
            self,
            metrics={field: self.metrics[field] for field in metrics},
            scores={field: self.scores[field] for field in metrics},
            learnt={field: number for field, number in self.learnt.items() if field in metrics},
        )

    def evaluate(self, *, resamples: int = 0, curve: Curve | None = "logistic5") -> Evaluation:
        """Agreement of each score field with the target, over everything and within each group.

        Args:
            resamples: of the bootstrap clustered by reference, for confidence intervals; 0 leaves them out
            curve: the curve to fit; None leaves out what is taken after the fit, which is most of the work
        """
        return evaluate(
            self.scores,
            self.targets,
            target_name=self.target.field,
            target_lower_is_better=self.target.lower_is_better,
            lower_is_better={field: metric.lower_is_better for field, metric in self.metrics.items()},
            groups=self.groups,
            target_std=self.deviations,
            clusters=self.references,
            resamples=resamples,
            curve=curve,
        )


def read_table(
    samples: SampleCollection | Snapshot,
    target: str | None = None,
    metrics: Sequence[str] | None = None,
    breakdown: str | None = None,
    *,
    lower_is_better: bool | None = None,
) -> QualityTable:
    """Read what a comparison needs.

    Args:
        samples: dataset or view, or a snapshot of one; of grouped ones all slices are read
        target: field with the target values; by default the one that the dataset declares
        metrics: score fields; by default all
        breakdown: field to group by
        lower_is_better: the target's direction; by default the declared one, else what its name says

    Raises:
        UsageError: a field is missing or of the wrong kind, or there are no scores
    """
    snapshot = samples if isinstance(samples, Snapshot) else take_snapshot(samples)
    dataset = snapshot.dataset
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
    std_field = resolved.std_field if dataset.has_field(resolved.std_field) else None
    ref_field = cluster_field(dataset)
    wanted = ["id", resolved.field, *chosen, *filter(None, (breakdown, std_field, ref_field))]
    marks = {field: f"{field}{LEARNT_SUFFIX}" for field in chosen if dataset.has_field(f"{field}{LEARNT_SUFFIX}")}
    wanted += marks.values()
    columns = dict(zip(wanted, snapshot.columns(wanted), strict=True))
    return QualityTable(
        target=resolved,
        metrics={field: available[field] for field in chosen},
        ids=columns["id"],
        targets=_numbers(columns[resolved.field]),
        scores={field: _numbers(columns[field]) for field in chosen},
        breakdown=breakdown,
        groups=[group_label(value) for value in columns[breakdown]] if breakdown else None,
        deviations=_numbers(columns[std_field]) if std_field else None,
        references=columns[ref_field] if ref_field else None,
        learnt={field: number for field, mark in marks.items() if (number := columns[mark].count(True))},
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
