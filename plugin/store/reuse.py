"""Scores that are there already, made as they would be made again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from .runs import METHOD


def scored_alike(
    samples: SampleCollection, metrics: Sequence[str], engine: Mapping[str, Any], images: Iterable[str | Path]
) -> bool:
    """Whether the scores in a dataset are those that would be computed again; samples without one do not count.

    The newest run of each metric had these settings and began after the last of the images was written.

    Args:
        samples: dataset or view
        metrics: names of metrics
        engine: settings as :meth:`Scorer.describe` has them
        images: paths of the images that were scored, references too
    """
    dataset = samples._root_dataset
    runs = [run for metric in metrics if (run := _newest(dataset, metric)) is not None]
    if len(runs) < len(metrics) or any(_as_json(run.engine) != _as_json(engine) for run in runs):
        return False
    written = max((Path(path).stat().st_mtime for path in images), default=0.0)
    # Runs know whole seconds.
    return all(written < datetime.fromisoformat(run.started).timestamp() for run in runs)


def _newest(dataset: fo.Dataset, metric: str) -> Any | None:
    keys = dataset.list_runs(method=METHOD, metric=metric)
    configs = [dataset.get_run_info(key).config for key in keys]
    return max(configs, key=lambda config: config.started, default=None)


def _as_json(settings: Any) -> str:
    return json.dumps(settings, sort_keys=True)
