"""Models that were trained on a dataset's labels: where they are kept, and what their cards say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fiftyone as fo

from ..errors import UsageError
from ..metrics import MODEL_SUFFIX, Kind, metric_info
from .config import dataset_dir


def models_dir(dataset: fo.Dataset) -> Path:
    """The folder of a dataset's models."""
    return dataset_dir(dataset) / "models"


def trained_models(dataset: fo.Dataset, kind: Kind | None = None) -> list[Path]:
    """Files of the models that were trained on a dataset, the newest first.

    Args:
        dataset: the dataset
        kind: "FR" or "NR"; None for both
    """
    found = []
    for path in models_dir(dataset).glob(f"*{MODEL_SUFFIX}"):
        try:
            if kind in (None, metric_info(str(path)).kind):
                found.append(path)
        except UsageError:
            continue  # A checkpoint, or a file of a newer version: no model to offer.
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def read_card(model: Path) -> dict[str, Any]:
    """The card beside a model; empty where there is none.

    Raises:
        UsageError: if it cannot be read
    """
    path = model.with_suffix(".json")
    if not path.is_file():
        return {}
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error
    return card
