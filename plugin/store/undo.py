"""Taking back what a run of scoring or training left in a dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.media as fom

from ..errors import UsageError
from ..learning.learnt import beside
from ..metrics import MODEL_SUFFIX
from ..metrics.causes import CAUSE
from .causes import fields_of_causes
from .compute import default_map_dir
from .fields import SCORES_KEY, ScoreFields
from .learnt import VIEW
from .models import models_dir
from .runs import METHOD, RUNNING, close_dead_runs
from .training import next_view_name
from .words import label_field


@dataclass(frozen=True)
class Leftovers:
    """What goes when a run is undone.

    Attributes:
        runs: keys of the run's record, and of the other records of the same fields, whose scores go too
        fields: names of the fields
        scores: images that have a score in them
        views: names of saved views
        files: a model's files, or error maps
    """

    runs: tuple[str, ...]
    fields: tuple[str, ...]
    scores: int
    views: tuple[str, ...]
    files: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)


def undoable_runs(dataset: fo.Dataset) -> list[str]:
    """Keys of the runs that can be undone, the newest first; those still under way are not among them."""
    close_dead_runs(dataset)
    found = []
    for key in dataset.list_runs(method=METHOD):
        info = dataset.get_run_info(key)
        if _name(info.config) and info.config.status != RUNNING:
            found.append((info.timestamp, key))
    return [key for _, key in sorted(found, reverse=True)]


def leftovers(dataset: fo.Dataset, key: str) -> Leftovers:
    """What goes when a run is undone: of scoring its fields, of training the model.

    Raises:
        UsageError: there is no such run, or it is under way
    """
    if key not in undoable_runs(dataset):
        raise UsageError(f"{dataset.name} has no run {key!r} that can be undone")
    config = dataset.get_run_info(key).config
    name = _name(config)
    views: list[str] = []
    if getattr(config, "trained", None):
        model = models_dir(dataset) / f"{name}{MODEL_SUFFIX}"
        kept = (model, model.with_suffix(".json"), beside(model), model.with_suffix(".log.csv"))
        fields = [label_field(name)] if dataset.has_field(label_field(name)) else []
        files = [path for path in kept if path.is_file()]
        runs, scores = [key], 0
    elif getattr(config, "explains", None):
        fields, files = fields_of_causes(dataset), _maps(dataset, name)
        runs = [key, *(other for other in undoable_runs(dataset) if other != key and _explains(dataset, other))]
        scores = len(_all(dataset).exists(CAUSE)) if dataset.has_field(CAUSE) else 0
    else:
        field = name.replace("-", "_")
        fields = [each for each in asdict(ScoreFields.named(field)).values() if dataset.has_field(each)]
        files, views = _maps(dataset, field), [VIEW.format(field), next_view_name(name)]
        runs = [key, *(other for other in undoable_runs(dataset) if other != key and _writes(dataset, other, name))]
        scores = len(_all(dataset).exists(field)) if dataset.has_field(field) else 0
    saved = set(dataset.list_saved_views())
    return Leftovers(
        tuple(runs), tuple(fields), scores, tuple(view for view in views if view in saved), tuple(map(str, files))
    )


def undo(dataset: fo.Dataset, key: str) -> Leftovers:
    """Undo a run, and give what is gone.

    Raises:
        UsageError: as :func:`leftovers`
    """
    found = leftovers(dataset, key)
    for view in found.views:
        dataset.delete_saved_view(view)
    for name in dataset.list_indexes():
        if name in found.fields:
            dataset.drop_index(name)
    dataset.delete_sample_fields(list(found.fields))
    declared = dict(dataset.info.get(SCORES_KEY) or {})
    dataset.info[SCORES_KEY] = {name: each for name, each in declared.items() if name not in found.fields}
    dataset.save()
    for file in found.files:
        Path(file).unlink(missing_ok=True)
    for run in found.runs:
        dataset.delete_run(run)
    return found


def _name(config: Any) -> str:
    """Of the metric that a run scored or explained with, or of the model that it trained; empty for other runs."""
    return str(next(filter(None, (getattr(config, kind, None) for kind in ("trained", "metric", "explains"))), ""))


def _writes(dataset: fo.Dataset, key: str, metric: str) -> bool:
    return bool(getattr(dataset.get_run_info(key).config, "metric", None) == metric)


def _explains(dataset: fo.Dataset, key: str) -> bool:
    return bool(getattr(dataset.get_run_info(key).config, "explains", None))


def _all(dataset: fo.Dataset) -> Any:
    return dataset.select_group_slices() if dataset.media_type == fom.GROUP else dataset


def _maps(dataset: fo.Dataset, field: str) -> list[Path]:
    """Error maps in the dataset's own folder; those that somebody wanted elsewhere are not ours to remove."""
    return sorted(default_map_dir(dataset, f"{field}_map").glob("*.png"))
