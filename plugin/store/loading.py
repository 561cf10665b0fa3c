"""Tables of records as FiftyOne datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.media as fom
import fiftyone.core.storage as fos
import fiftyone.core.utils as fou

from ..errors import UsageError
from .fields import (
    CATEGORY_FIELD,
    DISTORTION_FIELD,
    LEVEL_FIELD,
    REF_FIELD,
    SPLIT_FIELD,
    Target,
    declare_target,
    written_by_metrics,
)
from .origin import check_loader, moved_images, record_origin
from .presentation import present

if TYPE_CHECKING:
    from ..datasets import QualityDataset, Record


def import_dataset(quality: QualityDataset, name: str | None = None) -> fo.Dataset:
    """Make a persistent FiftyOne dataset of a table, one sample a distorted image.

    It gets a field for what the table knows of any image. Loading again updates the samples of the same files, also
    where their folder was moved, and adds the new ones.

    Args:
        quality: the table
        name: what to call the dataset; by default as the table is called

    Returns:
        the dataset

    Raises:
        UsageError: no name for it, see :func:`check_name`; an image is listed twice; the dataset of that name is of
            other images or has fields of other types under the table's names
    """
    name = name or quality.name
    check_name(name, quality.loader)
    target = Target(
        quality.target_field,
        quality.target_lower_is_better,
        quality.target_range,
        quality.target_kind,
        quality.source,
        quality.notes,
    )
    _check_target_name(target)
    rows: dict[str, dict[str, Any]] = {}
    for record in quality.records:
        path = fos.normalize_path(str(record.dist))
        if path in rows:
            raise UsageError(f"{path}: listed twice; a dataset in FiftyOne has one sample an image")
        rows[path] = _row(record, target)
    fields = {
        field: declaration
        for field, declaration in (_FIELDS | _target_fields(target)).items()
        if any(row[field] is not None for row in rows.values())
    }
    if fo.dataset_exists(name):
        dataset = fo.load_dataset(name)
        _check_fields(dataset, fields)
        _fill(dataset, quality, target, fields, rows)
        return dataset
    dataset = fo.Dataset(name, persistent=True)
    try:
        _fill(dataset, quality, target, fields, rows)
    except BaseException:
        dataset.delete()
        raise
    return dataset


def _check_fields(dataset: fo.Dataset, fields: Mapping[str, tuple[type[fo.Field], str]]) -> None:
    """UsageError where a dataset has fields of these names that cannot be filled."""
    for name, (kind, _) in fields.items():
        field = dataset.get_field(name)
        if field is None or (type(field) is kind and not field.read_only):
            continue
        problem = "is read-only" if type(field) is kind else f"is a {type(field).__name__}, not a {kind.__name__}"
        raise UsageError(
            f"{dataset.name}: the field {name!r} {problem}; rename or delete it, or load under another name"
        )


def _check_target_name(target: Target) -> None:
    """UsageError where the opinions would be in a field that something else is in."""
    taken = {**dict.fromkeys(_RESERVED, "FiftyOne"), **dict.fromkeys(_FIELDS, "the table"), **written_by_metrics()}
    taken.pop(LEVEL_FIELD)  # Where the severity itself is the target.
    for field in (target.field, target.std_field):
        if field in taken:
            raise UsageError(f"the opinions cannot be in a field {field!r}: it is one of {taken[field]}")
        if not field or field.startswith("_") or "." in field or "$" in field:
            raise UsageError(f"the opinions cannot be in a field {field!r}: no dot, no $, no underscore first")


def _fill(
    dataset: fo.Dataset,
    quality: QualityDataset,
    target: Target,
    fields: Mapping[str, tuple[type[fo.Field], str]],
    rows: Mapping[str, Mapping[str, Any]],
) -> None:
    """Bring a dataset up to date with the rows, by path."""
    moved = moved_images(dataset, quality, rows)
    for field, (kind, description) in fields.items():
        dataset.add_sample_field(field, kind, description=description)
    # First of all: a load that was killed is completed by the next.
    record_origin(dataset, quality)
    known = dict(zip(*dataset.values(["filepath", "id"]), strict=True))
    if moved:
        dataset.set_values("filepath", {known[old]: new for old, new in moved.items()}, key_field="id")
        known = {moved.get(path, path): sample for path, sample in known.items()}
    for field in fields:
        if values := {known[path]: row[field] for path, row in rows.items() if path in known}:
            dataset.set_values(field, values, key_field="id")
    new = [
        fo.Sample(filepath=path, **{field: row[field] for field in fields})
        for path, row in rows.items()
        if path not in known
    ]
    if new:
        dataset.add_samples(new, progress=False)
    if target.field in fields:
        declare_target(dataset, target)
    present(dataset, target)


def check_name(name: str, loader: str) -> str:
    """Check that images can be loaded under a name, that of a new dataset or of one of the same loader.

    Returns:
        the name as a part of paths

    Raises:
        UsageError: FiftyOne takes no such name, or too like a one is in use, or that dataset is not of images or of
            another loader
    """
    try:
        slug = str(fou.to_slug(name))
    except ValueError as error:
        raise UsageError(f"{name!r} is no name for a dataset; it needs letters or digits") from error
    if not fo.dataset_exists(name):
        for other in fo.list_datasets():
            if fou.to_slug(other) == slug:
                raise UsageError(f"{name!r} is too like the existing dataset {other!r}; choose another name")
        return slug
    dataset = fo.load_dataset(name)
    if dataset.media_type not in (None, fom.IMAGE):
        raise UsageError(
            f"the dataset {name} is there and holds {dataset.media_type}, not images; choose another name"
        )
    check_loader(dataset, loader)
    return slug


_RESERVED = ("id", "filepath", "tags", "metadata", "created_at", "last_modified_at")

_FIELDS: dict[str, tuple[type[fo.Field], str]] = {
    REF_FIELD: (fo.StringField, "Path of the undistorted image"),
    DISTORTION_FIELD: (fo.StringField, "Type of distortion"),
    CATEGORY_FIELD: (fo.StringField, "Kind of distortion"),
    LEVEL_FIELD: (fo.IntField, "Strength of the distortion, 1 is the weakest"),
    SPLIT_FIELD: (fo.StringField, "Part of the authors' own split"),
}


def _target_fields(target: Target) -> dict[str, tuple[type[fo.Field], str]]:
    if target.field == LEVEL_FIELD:
        return {}
    return {
        target.field: (fo.FloatField, f"{target.kind or target.field} ({target.direction})"),
        target.std_field: (fo.FloatField, f"Standard deviation of {target.field} between viewers"),
    }


def _row(record: Record, target: Target) -> dict[str, Any]:
    row: dict[str, Any] = {
        REF_FIELD: None if record.ref is None else fos.normalize_path(str(record.ref)),
        DISTORTION_FIELD: record.distortion,
        CATEGORY_FIELD: record.category,
        LEVEL_FIELD: record.level,
        SPLIT_FIELD: record.split,
    }
    if target.field != LEVEL_FIELD:
        row |= {target.field: record.target, target.std_field: record.target_std}
    return row
