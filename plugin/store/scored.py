"""Pictures that are scored already, as a FiftyOne dataset with copies of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import fiftyone as fo

from ..engine.records import Item, Score
from ..errors import UsageError
from ..metrics import metric_info
from .config import dataset_dir
from .fields import REF_FIELD, declare_score_fields
from .writer import ScoreWriter

#: The field with a picture's name before it was copied.
NAME_FIELD: Final = "name"


def import_scored(name: str, scores: Sequence[Score], metrics: Sequence[str], names: Sequence[str]) -> fo.Dataset:
    """Make a persistent dataset of scored pictures, which are copied to FiftyOne's own folder.

    Args:
        name: what to call the dataset
        scores: of the pictures; those whose file is not there are left out
        metrics: names of the metrics
        names: what each picture is called

    Raises:
        UsageError: if there is a dataset of that name, or no picture is there
    """
    if fo.dataset_exists(name):
        raise UsageError(f"FiftyOne has a dataset {name} already")
    there = [(score, called) for score, called in zip(scores, names, strict=True) if Path(score.item.dist).is_file()]
    if not there:
        raise UsageError("no picture is there")
    dataset = fo.Dataset(name, persistent=True)
    try:
        folder = dataset_dir(dataset)
        folder.mkdir(parents=True)
        samples = [_sample(folder, place, score.item, called) for place, (score, called) in enumerate(there)]
        dataset.add_samples(samples, progress=False)
        for metric in map(metric_info, metrics):
            writer = ScoreWriter(dataset, metric, declare_score_fields(dataset, metric, error_maps=False))
            for sample, (score, _) in zip(samples, there, strict=True):
                writer.add(Score(Item(sample.id, score.item.dist, score.item.ref), score.measurements, score.errors))
            writer.flush()
    except BaseException:
        dataset.delete()
        raise
    return dataset


def _sample(folder: Path, place: int, item: Item, called: str) -> fo.Sample:
    sample = fo.Sample(_copy(Path(item.dist), folder / f"{place:05}-{PurePosixPath(called).name}"))
    sample[NAME_FIELD] = called
    if item.ref is not None and Path(item.ref).is_file():
        sample[REF_FIELD] = _copy(Path(item.ref), folder / "references" / Path(item.ref).name)
    return sample


def _copy(source: Path, target: Path) -> str:
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        shutil.copyfile(source, target)
    return str(target)
