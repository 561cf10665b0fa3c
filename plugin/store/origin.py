"""Where a dataset was loaded from, so that loading again updates that dataset and no other."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import fiftyone as fo
import fiftyone.core.storage as fos

from ..errors import UsageError
from .fields import INFO_KEY

if TYPE_CHECKING:
    from ..datasets import QualityDataset


def record_origin(dataset: fo.Dataset, quality: QualityDataset) -> None:
    """Record in ``dataset.info``, beside the target, what loaded the dataset, from where, and on what terms."""
    dataset.info[INFO_KEY] = {
        **dataset.info.get(INFO_KEY, {}),
        "loader": quality.loader,
        "root": _root(quality),
        "licence": quality.licence,
        "citation": quality.citation,
    }
    dataset.save()


def check_loader(dataset: fo.Dataset, loader: str) -> None:
    """UsageError where a dataset has samples that something else than ``loader`` loaded."""
    made_by = dataset.info.get(INFO_KEY, {}).get("loader")
    if dataset.count() and made_by != loader:
        what = f"loaded as {made_by}" if made_by else "of other origin"
        raise UsageError(
            f"the dataset {dataset.name} is there: {dataset.count():,} samples {what}, to which nothing is added; "
            "load under another name (--dataset NAME)"
        )


def moved_images(dataset: fo.Dataset, quality: QualityDataset, paths: Collection[str]) -> dict[str, str]:
    """New paths of a dataset's images that lie in another folder than when they were loaded, by their old paths.

    Args:
        dataset: the dataset, loaded by the same loader
        quality: the table that is to be loaded into it
        paths: paths of the table's images

    Raises:
        UsageError: the table is of another copy, or of other images
    """
    before, now = dataset.info.get(INFO_KEY, {}).get("root"), _root(quality)
    known = dataset.values("filepath")
    if not known or not before or not now or before == now or not set(known).isdisjoint(paths):
        return {}
    found = {path: str(Path(now, os.path.relpath(path, before))) for path in known}
    moved = {old: new for old, new in found.items() if new in paths}
    if not moved or any(Path(old).is_file() for old in moved):
        what = "whose images are still there" if moved else "and has other images"
        raise UsageError(
            f"the dataset {dataset.name} is there: it was loaded from {before}, {what}; "
            "load under another name (--dataset NAME)"
        )
    return moved


def _root(quality: QualityDataset) -> str:
    return str(fos.normalize_path(str(quality.root))) if quality.root else ""
