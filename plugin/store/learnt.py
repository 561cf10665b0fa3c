"""Which samples a model learnt from: a field, a view of the rest, and words for where agreement is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import fiftyone as fo
from fiftyone import ViewField as F

from ..metrics import MetricInfo
from .fields import ScoreFields
from .presentation import to_sidebar

VIEW = "new to {}"
"""Name of the saved view of the samples that a model did not learn from."""


def mark_learnt(
    dataset: fo.Dataset, metric: MetricInfo, model: str, images: Callable[[], Iterator[Sequence[tuple[str, str]]]]
) -> int:
    """Mark the samples that a metric's model learnt from, and save a view of the rest; nothing where there are none.

    Args:
        dataset: dataset of the samples
        metric: the metric
        model: its name, or the path of the model's file
        images: gives pages of sample id and path of each image that was scored, the same each time

    Returns:
        how many of the images are among those that it learnt from
    """
    from ..learning.learnt import learnt_from

    among = []
    for page in images():
        found = learnt_from(model, [Path(path) for _, path in page])
        if found is None:
            return 0
        among.append(found)
    number = int(sum(found.sum() for found in among))
    if not number:
        return 0
    field = ScoreFields.of(metric).learnt
    is_new = not dataset.has_field(field)
    description = f"Whether the model of {metric.title} learnt from this image"
    dataset.add_sample_field(field, fo.BooleanField, description=description)
    to_sidebar(dataset, [field], new=is_new)
    for page, found in zip(images(), among, strict=True):
        marks = {sample_id: bool(mark) for (sample_id, _), mark in zip(page, found, strict=True)}
        dataset.set_values(field, marks, key_field="id")
    rest = dataset.match(F(field) != True)  # noqa: E712 (an expression of FiftyOne's)
    text = f"Images that {metric.title} did not learn from"
    dataset.save_view(VIEW.format(metric.field), rest, description=text, overwrite=True)
    return number


def learnt_note(field: str, number: int, total: int) -> str:
    """That a model has seen images before, in words."""
    rest = f" The saved view “{VIEW.format(field)}” has the rest." if number < total else ""
    return (
        f"{field} learnt from {number:,} of these {total:,} images: its agreement with opinion on them says little "
        f"of new ones.{rest}"
    )
