"""Labels of a view's images, to learn from."""

from __future__ import annotations

import math
from pathlib import Path

from fiftyone import ViewField as F
from fiftyone.core.collections import SampleCollection

from ..learning.labels import LabelledImages, labelled
from ..vocabulary import SOURCE
from .fields import REF_FIELD, Target, cluster_field
from .items import ImageSource


def read_labels(samples: SampleCollection, target: Target) -> LabelledImages:
    """The samples' images that have a finite label.

    Raises:
        UsageError: see :func:`~deepmse.plugin.learning.labels.labelled`
    """
    known = _labelled(samples, target.field)
    dataset = known._root_dataset
    paths, values = known.values(["filepath", target.field])
    pictures = cluster_field(dataset)
    return labelled(
        [Path(path) for path in paths],
        values,
        known.values(REF_FIELD) if pictures == REF_FIELD else [None] * len(paths),
        holder=dataset.name,
        target=target.field,
        scale=target.range,
        lower_is_better=target.lower_is_better,
        sources=known.values(pictures) if pictures == SOURCE else (),
        dataset=dataset.name,
    )


def count_labels(samples: SampleCollection, target: str) -> tuple[int, int]:
    """How many samples have a label to learn from, and how many one that is NaN or infinite."""
    labelled = len(_labelled(samples, target))
    return labelled, len(ImageSource().scored(samples).exists(target)) - labelled


def _labelled(samples: SampleCollection, target: str) -> SampleCollection:
    # To MongoDB NaN is less than any number.
    return ImageSource().scored(samples).match((F(target) > -math.inf) & (F(target) < math.inf))
