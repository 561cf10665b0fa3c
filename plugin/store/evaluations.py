"""Evaluations that are kept: each is a FiftyOne run with its view, its settings and its results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..evaluation import Evaluation, Row
from .samples import underlying

METHOD: Final = "image_quality_evaluation"
_NAME: Final = "evaluation"


@dataclass(frozen=True)
class SavedEvaluation:
    """One kept evaluation.

    Attributes:
        key: its name, the key of the FiftyOne run
        saved: when, in ISO format, UTC
        images: how many images its view had
        settings: what was compared and how
        results: what came out, ``Evaluation.to_dict()``
    """

    key: str
    saved: str
    images: int
    settings: dict[str, Any]
    results: dict[str, Any]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The results' rows, as far as this version knows what is in them."""
        known = {field.name for field in fields(Row)}
        return tuple(
            Row(**{name: value for name, value in row.items() if name in known}) for row in self.results["rows"]
        )

    def agrees_with(self, evaluation: Evaluation) -> bool:
        """Whether an evaluation came to the same results."""
        same: bool = json.loads(json.dumps(evaluation.to_dict())) == self.results
        return same


def save_evaluation(
    samples: SampleCollection, settings: Mapping[str, Any], results: Mapping[str, Any], name: str | None = None
) -> str:
    """Keep an evaluation.

    Args:
        samples: dataset or view that was evaluated
        settings: what was compared and how, ready for JSON
        results: what came out, ``Evaluation.to_dict()``
        name: what to call it; by default "evaluation" and the next free number

    Returns:
        its name

    Raises:
        UsageError: the name is taken or cannot be one
    """
    dataset = samples._root_dataset
    if name is None:
        taken = set(dataset.list_runs())
        name = next(key for n in range(1, len(taken) + 2) if (key := f"{_NAME}_{n}") not in taken)
    check_evaluation_name(dataset, name)
    config = dataset.init_run(
        method=METHOD,
        saved=datetime.now(UTC).isoformat(timespec="seconds"),
        images=len(underlying(samples)),
        settings=dict(settings),
    )
    samples.register_run(name, config)
    try:
        dataset.save_run_results(name, dataset.init_run_results(name, evaluation=dict(results)))
    except BaseException:
        dataset.delete_run(name)
        raise
    return name


def list_evaluations(dataset: fo.Dataset) -> list[str]:
    """Names of the kept evaluations, the latest first."""
    keys = dataset.list_runs(method=METHOD)
    return sorted(keys, key=lambda key: dataset.get_run_info(key).timestamp, reverse=True)


def load_evaluation(dataset: fo.Dataset, name: str) -> SavedEvaluation:
    """A kept evaluation.

    Raises:
        UsageError: there is none of that name
    """
    _check_exists(dataset, name)
    config = dataset.get_run_info(name).config
    results = dataset.load_run_results(name, cache=False, load_view=False)
    return SavedEvaluation(name, config.saved, config.images, dict(config.settings), dict(results.evaluation))


def evaluated_view(dataset: fo.Dataset, name: str) -> fo.DatasetView:
    """The view that a kept evaluation is of.

    Raises:
        UsageError: there is none of that name
    """
    _check_exists(dataset, name)
    return dataset.load_run_view(name)


def rename_evaluation(dataset: fo.Dataset, name: str, new_name: str) -> None:
    """Call a kept evaluation otherwise.

    Raises:
        UsageError: there is none of that name, or the new one is taken or cannot be one
    """
    _check_exists(dataset, name)
    check_evaluation_name(dataset, new_name)
    dataset.rename_run(name, new_name)


def delete_evaluation(dataset: fo.Dataset, name: str) -> None:
    """Keep an evaluation no longer.

    Raises:
        UsageError: there is none of that name
    """
    _check_exists(dataset, name)
    dataset.delete_run(name)


def check_evaluation_name(dataset: fo.Dataset, name: str) -> None:
    """Check that an evaluation can be kept under a name.

    Raises:
        UsageError: the name is taken or cannot be one
    """
    if not name.isidentifier():
        raise UsageError(f"{name!r} cannot be an evaluation's name: letters, digits and underscores, no digit first")
    if name in dataset.list_runs():
        raise UsageError(f"{dataset.name} already has a run {name!r}; choose another name")


def _check_exists(dataset: fo.Dataset, name: str) -> None:
    if name not in dataset.list_runs(method=METHOD):
        raise UsageError(f"{dataset.name} keeps no evaluation {name!r}")
