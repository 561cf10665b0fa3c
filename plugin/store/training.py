"""From labels in a field to a trained model, recorded as a FiftyOne run."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import fiftyone as fo
from fiftyone import ViewField as F
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..learning.folds import FEWEST, number_of_folds
from ..learning.learnt import beside
from ..metrics import MODEL_SUFFIX, check_model_path, metric_info
from ..metrics.models import info_of
from . import pace
from .compute import Progress
from .families import DEFAULT
from .families import family as find_family
from .fields import REF_FIELD, ScoreFields, check_score_fields, resolve_target, written_by_metrics
from .items import ImageSource
from .labels import count_labels, read_labels
from .models import models_dir
from .runs import Outcome, Run

UNCERTAIN: Final = 100
"""Images in the view of those to label next."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class TrainingSummary:
    """What a training did.

    Attributes:
        name: of the model, and of the field for its scores
        model: path of the model's file
        run_key: key of the FiftyOne run that records the settings
        n: labels that were learnt from
        not_finite: labels that count as missing because they are NaN or infinite
        failed: images that could not be read
        notes: what became of labels that could not be taken as they are, a sentence each
        card: the model card
    """

    name: str
    model: str
    run_key: str
    n: int
    not_finite: int
    failed: int
    notes: tuple[str, ...]
    card: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The summary, ready for JSON."""
        return asdict(self)


class TrainingJob:
    """Trains a model on a view's labels.

    Iterating does the work: it yields a ``Progress`` about once a second, or once an epoch.

    Args:
        samples: dataset or view; those without a label, or with one that is NaN or infinite, are left out
        target: numeric field with the labels
        name: of the model
        family: of the model, one of ``FAMILIES``
        lower_is_better: the labels' direction; by default the declared one, else higher is better
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        settings: of the loop, for families that learn in epochs, such as ``epochs`` and ``batch_size``

    Raises:
        UsageError: the field, the name, the family, a setting or the view is wrong, or there are too few labels
    """

    def __init__(
        self,
        samples: SampleCollection,
        target: str,
        name: str,
        *,
        family: str = DEFAULT,
        lower_is_better: bool | None = None,
        device: str = "auto",
        **settings: Any,
    ) -> None:
        self.check(samples, target, family)
        self._samples = samples
        self._target = resolve_target(samples._root_dataset, target, lower_is_better)
        self._name = name
        self._path = check_model_name(samples._root_dataset, name, family)
        self._family = family
        usual = find_family(family).settings
        self._settings = replace(usual, **settings) if usual is not None else None
        self._device = device
        self._summary: TrainingSummary | None = None

    @staticmethod
    def check(samples: SampleCollection, target: str, family: str = DEFAULT) -> None:
        """Check that there is something to learn.

        Raises:
            UsageError: the samples are no images, the field is not numeric, there are too few labels, all are the
                same or of copies of one reference, one lies far outside the declared range, or the family compares
                with references and an image has none
        """
        ImageSource().check(samples)
        resolve_target(samples._root_dataset, target)
        labelled, not_finite = count_labels(samples, target)
        if labelled < FEWEST:
            left_out = f", and {not_finite} one that is NaN or infinite" if not_finite else ""
            raise UsageError(
                f"{labelled} samples have a value in {target!r}{left_out}: too few to learn from; label "
                f"{FEWEST} or more, 200 make a useful model"
            )
        labels = read_labels(samples, resolve_target(samples._root_dataset, target))
        number_of_folds(labels.pictures)
        if find_family(family).needs_references and (lacking := labels.references.count(None)):
            raise UsageError(
                f"{lacking:,} of {len(labels):,} labelled images have no reference in {REF_FIELD!r}, which this "
                "family compares with; fill it, or train another family"
            )

    @property
    def summary(self) -> TrainingSummary:
        """What was done; there is one once the iteration has ended."""
        if self._summary is None:
            raise RuntimeError("the training has not ended")
        return self._summary

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        # Here and not at the top: this imports torch.
        from ..engine.devices import pick_device

        labels = read_labels(self._samples, self._target)
        _, not_finite = count_labels(self._samples, self._target.field)
        labels = replace(labels, origin={**labels.origin, "not_finite": not_finite})
        device = pick_device(self._device)
        settings = {
            "trained": self._name,
            "family": self._family,
            "settings": self._settings and asdict(self._settings),
            "target": self._target.field,
            "device": str(device),
        }
        learnt, failed, began = 0, 0, time.monotonic()

        def outcome() -> Outcome:
            return Outcome({"learnt": learnt, "not_finite": not_finite, "failed": failed})

        with Run(self._samples, self._name, settings, outcome) as run:
            steps = find_family(self._family).train(labels, self._path, device, self._settings)
            state, told = Progress(0, len(labels), 0), -math.inf
            while True:
                try:
                    state = next(steps)
                except StopIteration as end:
                    card = end.value
                    break
                failed, learnt = state.failed, len(labels) - state.failed
                if time.monotonic() - told >= 1 or state.done == state.total:
                    told = time.monotonic()
                    yield state
            failed = len(card["skipped"])
            learnt = len(labels) - failed
            self._path.with_suffix(f".checkpoint{MODEL_SUFFIX}").unlink(missing_ok=True)
            self._require_use(card["results"])
            epochs = None if self._settings is None else self._settings.epochs
            if not state.reused:
                pace.record(_work(self._family, self._device, epochs), time.monotonic() - began, len(labels))
        self._summary = TrainingSummary(
            name=self._name,
            model=str(self._path),
            run_key=run.key,
            n=learnt,
            not_finite=not_finite,
            failed=failed,
            notes=tuple(labels.left_out),
            card=card,
        )

    def _require_use(self, results: Mapping[str, Any]) -> None:
        """UsageError where scores miss the labels by no less than their mean does; the model is removed then."""
        if results["rmse_without_fit"] < results["rmse_of_mean"]:
            return
        for path in (self._path, self._path.with_suffix(".json"), beside(self._path)):
            path.unlink()
        raise UsageError(f"no model: {results['in_words']} Label more images, or check the labels")


def training_time(family: str, device: str | None, epochs: int | None, labels: int) -> str | None:
    """How long it takes here to train a model, in words; None where that is not known.

    Args:
        family: of the model
        device: where to compute, as it was asked for; None for "auto"
        epochs: to train for; None for the family's usual number
        labels: how many
    """
    usual = find_family(family).settings
    if usual is not None and epochs is None:
        epochs = usual.epochs
    return pace.expected(_work(family, device or "auto", epochs), labels)


def _work(family: str, device: str, epochs: int | None) -> list[str]:
    return ["training", family, device, "" if epochs is None else f"{epochs} epochs"]


def check_model_name(dataset: fo.Dataset, name: str, family: str = DEFAULT) -> Path:
    """Where a model of that name is kept.

    Raises:
        UsageError: the name cannot be a field's, is that of a metric or of a field that a metric writes, or one of
            the fields for its scores holds something else
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"{name!r} cannot be a model's name: up to {_LONGEST_NAME} letters of a to z, digits, hyphens and "
            "underscores, a letter first, since fields and a file are named after it"
        )
    path = models_dir(dataset) / f"{name}{MODEL_SUFFIX}"
    check_model_path(path)
    info = info_of(path, find_family(family).declaration)
    others = written_by_metrics()
    for field in asdict(ScoreFields.of(info)).values():
        if field in others:
            raise UsageError(f"{name!r} cannot be a model's name: {others[field]} writes the field {field!r}")
    check_score_fields(dataset, info)
    return path


def next_view_name(model: str) -> str:
    """Name of the saved view of the images to label next."""
    return f"label next for {model}"


def save_next_view(samples: SampleCollection, model: str, target: str) -> str:
    """Save the view of the images without a label to label next.

    They are those that a model is least sure of, least sure first; of a model that does not tell how sure it is,
    those that it finds the worst.

    Args:
        samples: dataset or view
        model: path of the model's file
        target: field of the labels

    Returns:
        the view's name
    """
    dataset = samples._root_dataset
    info = metric_info(model)
    name, fields = info.name, ScoreFields.of(info)
    by = fields.std if info.has_deviation else fields.score
    title = next_view_name(name)
    unlabelled = (F(target) == None) | F(target).is_in([math.nan, math.inf, -math.inf])  # noqa: E711
    view = dataset.match(unlabelled & (F(by) != None))  # noqa: E711
    dataset.save_view(
        title,
        view.sort_by(by, reverse=info.has_deviation or info.lower_is_better).limit(UNCERTAIN),
        description=f"Without a {target}, and the ones that {name} "
        + ("is least sure of" if info.has_deviation else "finds the worst"),
        overwrite=True,
    )
    return title
