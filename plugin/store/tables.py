"""Datasets by name, and their images as a table of what is to be scored."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..metrics import MetricInfo
from ..tables import Table
from .items import ImageSource, PairSource
from .worst import worst_first

ID: Final = "id"
DIST: Final = "dist"
REF: Final = "ref"


def open_samples(name: str, view: str | None = None) -> SampleCollection:
    """A dataset, or one of its saved views.

    Raises:
        UsageError: if there is no such dataset or view
    """
    if not fo.dataset_exists(name):
        raise UsageError(f"no FiftyOne dataset {name!r}; there are {', '.join(fo.list_datasets()) or 'none'}")
    dataset = fo.load_dataset(name)
    if view is None:
        return dataset
    if not dataset.has_saved_view(view):
        views = ", ".join(dataset.list_saved_views()) or "none"
        raise UsageError(f"{name}: no saved view {view!r}; there are {views}")
    return dataset.load_saved_view(view)


def has_references(samples: SampleCollection) -> bool:
    """Whether the images have references where metrics that compare look for them."""
    try:
        PairSource().check(samples)
    except UsageError:
        return False
    return True


def sample_table(samples: SampleCollection, *, compare: bool) -> Table:
    """A table with a row a sample: its id, its image and, to compare, the image's reference.

    Raises:
        UsageError: if the samples cannot be read so
    """
    source = PairSource() if compare else ImageSource()
    source.check(samples)
    columns = (ID, DIST, REF) if compare else (ID, DIST)
    rows = tuple(
        {ID: row.key, DIST: row.dist, **({REF: row.ref or ""} if compare else {})} for row in source.read(samples)
    )
    if not rows:
        raise UsageError(f"{samples._root_dataset.name}: there are no samples to score")
    return Table(Path(samples._root_dataset.name), columns, rows, folder=Path())


def worst(samples: SampleCollection, metric: MetricInfo, number: int) -> list[tuple[float, str]]:
    """Scores and paths of the worst images by a metric, worst first."""
    view = worst_first(samples, metric.field).limit(number)
    return list(zip(*view.values([metric.field, "filepath"]), strict=True))
