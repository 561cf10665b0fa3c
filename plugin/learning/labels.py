"""Labelled images to train the no-reference model on: from a CSV file, or from a published dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import datasets
from ..errors import UsageError
from ..tables import read_table
from .gaussian_process.extraction import Views
from .gaussian_process.features import FeatureNetwork
from .gaussian_process.training import Samples
from .opinion import as_quality


@dataclass(frozen=True)
class Labels:
    """N labelled images.

    Args:
        paths: of the images
        opinions: 0 to 100, higher is better, (N,)
        references: what each was made from; None where there is none
        origin: where they come from, and how many images have no label, for the model card; JSON-able
    """

    paths: tuple[Path, ...]
    opinions: NDArray[np.float64]
    references: tuple[str | None, ...]
    origin: dict[str, Any]

    def samples(self, network: FeatureNetwork, views: Iterable[Views | None]) -> Samples:
        """Join the labels with the images' features.

        Args:
            network: what took the features
            views: of each image, in order; None for those that cannot be used

        Raises:
            UsageError: if the labels of those that are left are all the same
        """
        found = list(views)
        usable = np.array([index for index, each in enumerate(found) if each is not None], dtype=np.intp)
        sizes = network.sizes()
        features = [each for each in found if each is not None]
        return Samples(
            np.stack(features) if features else np.zeros((0, 2, sum(sizes.values())), np.float32),
            sizes,
            self.opinions[usable],
            network.weights.sha256,
            tuple(self.references[index] for index in usable),
        )


def from_csv(
    path: Path, target: str, *, lower_is_better: bool = False, scale: tuple[float, float] | None = None
) -> Labels:
    """Read labels from a CSV file: columns ``dist`` and the target's, and ``ref`` if there is one.

    Args:
        path: the file; relative paths in it start at its folder. Rows without a finite label are left out
        target: column of the labels
        lower_is_better: their direction
        scale: lowest and highest label that there could be; None for those that there are

    Raises:
        UsageError: if a column is missing, or a label is no number or not on the scale
    """
    table = read_table(path)
    table.require("dist")
    labelled = [
        (path.parent / row["dist"].strip(), value, row.get("ref", "").strip() or None)
        for row, value in zip(table.rows, table.numbers(target), strict=True)
        if math.isfinite(value)
    ]
    if not labelled:
        raise UsageError(f"{path}: no row has a {target}")
    paths, values, references = zip(*labelled, strict=True)
    return _labels(
        paths,
        values,
        references,
        lower_is_better,
        scale,
        {"name": path.stem, "target": target, "unlabelled": len(table.rows) - len(labelled)},
    )


def from_dataset(name: str, root: Path) -> Labels:
    """Take labels from a published dataset in its folder; images without one are left out.

    Raises:
        UsageError: if there is no such dataset, or it is not in the folder
    """
    quality = datasets.load(name, root)
    records = [record for record in quality.records if record.target is not None]
    return _labels(
        [record.dist for record in records],
        [float(record.target) for record in records if record.target is not None],
        [None if record.ref is None else str(record.ref) for record in records],
        quality.target_lower_is_better,
        quality.target_range,
        {
            "unlabelled": len(quality.records) - len(records),
            "name": quality.name,
            "target": quality.target_kind,
            "source": quality.source,
            "terms": quality.licence,
            "citation": quality.citation,
            "distribution": "images and opinion scores are not redistributed",
        },
    )


def _labels(
    paths: Sequence[Path],
    values: Sequence[float],
    references: Sequence[str | None],
    lower_is_better: bool,
    scale: tuple[float, float] | None,
    origin: dict[str, Any],
) -> Labels:
    if not values:
        raise UsageError(f"{origin['name']}: has no labelled images")
    lowest, highest = scale or (min(values), max(values))
    if lowest == highest:
        raise UsageError(f"{origin['name']}: all labels are {lowest:g}; there is nothing to learn")
    opinions = as_quality(values, lowest, highest, lower_is_better=lower_is_better)
    described = {**origin, "scale": [lowest, highest], "lower_is_better": lower_is_better}
    return Labels(tuple(paths), opinions, tuple(references), described)
