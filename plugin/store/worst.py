"""The worst images of a view by their scores, and how the scores are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import fiftyone as fo
from fiftyone import ViewField as F
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..metrics.models import GRADES
from .distributions import distribution, value_counts
from .fields import GRADE_SUFFIX, score_fields
from .presentation import WORST_SHARE
from .samples import underlying

WORST: Final = f"the worst {100 * WORST_SHARE:.0f} %"
_BINS: Final = 20

#: Choices of what counts as worst, each with the grades that it takes; none takes a share.
_CHOICES: Final = {
    "graded bad": GRADES[:1],
    "graded bad or poor": GRADES[:2],
    WORST: (),
}


@dataclass(frozen=True)
class Spread:
    """How the scores of a view are spread.

    Attributes:
        field: of the scores
        grades: how many images have each grade, the worst first; empty where the metric gives none
        counts: images in each bin of the scores; empty where no score is finite
        edges: of the bins, one more than there are counts
    """

    field: str
    grades: dict[str, int]
    counts: list[int]
    edges: list[float]

    def to_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)


def spread(samples: SampleCollection, field: str) -> Spread:
    """How a view's scores are spread.

    Args:
        samples: dataset or view
        field: field with scores
    """
    grades: dict[str, int] = {}
    if samples._root_dataset.has_field(f"{field}{GRADE_SUFFIX}"):
        counted = value_counts(samples, f"{field}{GRADE_SUFFIX}")
        grades = {grade: counted[grade] for grade in GRADES if counted.get(grade)}
    found = distribution(samples, field, _BINS)
    return Spread(field, grades, list(found.counts), found.edges)


def worst_first(samples: SampleCollection, field: str) -> Any:
    """The images of a view that have a score, the worst first.

    Args:
        samples: dataset or view
        field: field with scores

    Raises:
        UsageError: there are no scores in the field
    """
    dataset = samples._root_dataset
    metric = score_fields(dataset).get(field)
    if metric is None:
        raise UsageError(f"{dataset.name} holds no scores of a known metric in {field!r}")
    return underlying(samples).match(F(field) != None).sort_by(field, reverse=metric.lower_is_better)  # noqa: E711


def worst_choices(dataset: fo.Dataset, field: str) -> Sequence[str]:
    """What can be taken as the worst images by a field of scores: by grades only where it has some."""
    has_grades = dataset.has_field(f"{field}{GRADE_SUFFIX}")
    return [choice for choice, grades in _CHOICES.items() if has_grades or not grades]


def worst_images(samples: SampleCollection, field: str, choice: str = WORST) -> Any:
    """The worst images of a view, the worst first.

    Args:
        samples: dataset or view
        field: field with scores
        choice: one of :func:`worst_choices`

    Raises:
        UsageError: there are no scores in the field, or no such choice
    """
    offered = worst_choices(samples._root_dataset, field)
    if choice not in offered:
        raise UsageError(f"{field}: no choice {choice!r}; there are {', '.join(offered)}")
    ranked = worst_first(samples, field)
    if grades := _CHOICES[choice]:
        return ranked.match(F(f"{field}{GRADE_SUFFIX}").is_in(grades))
    return ranked.limit(max(1, round(WORST_SHARE * len(ranked))))
