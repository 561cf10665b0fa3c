"""From labels in a field to a trained no-reference model, recorded as a FiftyOne run."""

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

from ..errors import ImageError, UsageError
from ..learning.folds import FEWEST, number_of_folds
from ..learning.labels import LabelledImages, labelled
from ..metrics import MODEL_SUFFIX, check_model_path, metric_info
from ..metrics.models import GAUSSIAN_PROCESS, info_of
from .compute import Progress
from .config import dataset_dir
from .fields import REF_FIELD, ScoreFields, Target, check_score_fields, resolve_target, written_by_metrics
from .items import ImageSource
from .runs import Outcome, Run

UNCERTAIN: Final = 100
"""Images in the view of those to label next."""

_STEPS_OF_FITTING: Final = 6
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
        srcc: cross-validated Spearman correlation with the labels; None where all scores are the same
        srcc_interval: its 95 % confidence interval, where it can be had
        plcc: cross-validated Pearson correlation with the labels, after a logistic fit; None as above
        rmse: cross-validated root mean square error, after the same fit, of 100; None as above
        in_words: by how much the scores miss the labels, and how much less than the labels' mean does
        coverage: share of the labels within the 95 % intervals of their scores
    """

    name: str
    model: str
    run_key: str
    n: int
    not_finite: int
    failed: int
    notes: tuple[str, ...]
    srcc: float | None
    srcc_interval: tuple[float, float] | None
    plcc: float | None
    rmse: float | None
    in_words: str
    coverage: float

    def to_dict(self) -> dict[str, Any]:
        """The summary, ready for JSON."""
        return asdict(self)


class TrainingJob:
    """Trains a no-reference model on a view's labels.

    Iterating does the work: it yields a ``Progress`` about once a second.

    Args:
        samples: dataset or view; those without a label, or with one that is NaN or infinite, are left out
        target: numeric field with the labels
        name: of the model
        lower_is_better: the labels' direction; by default the declared one, else higher is better
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``

    Raises:
        UsageError: the field, the name or the view is wrong, or there are too few labels
    """

    def __init__(
        self,
        samples: SampleCollection,
        target: str,
        name: str,
        *,
        lower_is_better: bool | None = None,
        device: str = "auto",
    ) -> None:
        self.check(samples, target)
        self._samples = samples
        self._target = resolve_target(samples._root_dataset, target, lower_is_better)
        self._name = name
        self._path = check_model_name(samples._root_dataset, name)
        self._device = device
        self._summary: TrainingSummary | None = None

    @staticmethod
    def check(samples: SampleCollection, target: str) -> None:
        """Check that there is something to learn.

        Raises:
            UsageError: the samples are no images, the field is not numeric, there are too few labels, all are the
                same or of copies of one reference, or one lies far outside the declared range
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
        number_of_folds(read_labels(samples, resolve_target(samples._root_dataset, target)).references)

    @property
    def summary(self) -> TrainingSummary:
        """What was done; there is one once the iteration has ended."""
        if self._summary is None:
            raise RuntimeError("the training has not ended")
        return self._summary

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        # Here and not at the top: these import torch.
        from ..engine.devices import pick_device
        from ..learning.gaussian_process.design import Recipe
        from ..learning.gaussian_process.extraction import views
        from ..learning.gaussian_process.features import FeatureNetwork
        from ..learning.gaussian_process.trainer import make
        from ..learning.gaussian_process.training import Samples

        labels = read_labels(self._samples, self._target)
        _, not_finite = count_labels(self._samples, self._target.field)
        recipe, device = Recipe(), pick_device(self._device)
        network = FeatureNetwork(recipe.taps, recipe.pool, device)
        settings = {"trained": self._name, "target": self._target.field, "device": str(device)}
        total = len(labels) + _STEPS_OF_FITTING
        failed = 0
        features: list[Any] = []

        def outcome() -> Outcome:
            return Outcome({"learnt": len(features) - failed, "not_finite": not_finite, "failed": failed})

        with Run(self._samples, self._name, settings, outcome) as run:
            yield Progress(0, total, 0)
            told = time.monotonic()
            for done, found in enumerate(views(labels.paths, network, device), start=1):
                failed += isinstance(found, ImageError)
                features.append(None if isinstance(found, ImageError) else found)
                if time.monotonic() - told >= 1:
                    told = time.monotonic()
                    yield Progress(done, total, failed)
            yield Progress(len(labels), total, failed)
            origin = {**labels.origin, "not_finite": not_finite, "failed": failed}
            labels = replace(labels, origin=origin)
            samples = Samples.of(labels, features, network)
            card = make(labels, samples, network, self._path, recipe=recipe)
        counts = {"n": len(samples), "not_finite": not_finite, "failed": failed}
        notes = tuple(labels.left_out)
        self._summary = _summary(self._name, self._path, run.key, counts, notes, card["results"])
        yield Progress(total, total, failed)


def check_model_name(dataset: fo.Dataset, name: str) -> Path:
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
    path = dataset_dir(dataset) / "models" / f"{name}{MODEL_SUFFIX}"
    check_model_path(path)
    info = info_of(path, GAUSSIAN_PROCESS)
    others = written_by_metrics()
    for field in asdict(ScoreFields.of(info)).values():
        if field in others:
            raise UsageError(f"{name!r} cannot be a model's name: {others[field]} writes the field {field!r}")
    check_score_fields(dataset, info)
    return path


def save_uncertain_view(samples: SampleCollection, model: str, target: str) -> str:
    """Save the view of the images without a label that a model is least sure of, least sure first.

    Args:
        samples: dataset or view
        model: path of the model's file
        target: field of the labels

    Returns:
        the view's name
    """
    dataset = samples._root_dataset
    info = metric_info(model)
    name, deviation = info.name, ScoreFields.of(info).std
    title = f"label next for {name}"
    unlabelled = (F(target) == None) | F(target).is_in([math.nan, math.inf, -math.inf])  # noqa: E711
    view = dataset.match(unlabelled & (F(deviation) != None))  # noqa: E711
    dataset.save_view(
        title,
        view.sort_by(deviation, reverse=True).limit(UNCERTAIN),
        description=f"Without a {target}, and the ones that {name} is least sure of",
        overwrite=True,
    )
    return title


def read_labels(samples: SampleCollection, target: Target) -> LabelledImages:
    """The samples' images that have a finite label.

    Raises:
        UsageError: see :func:`~deepmse.plugin.learning.labels.labelled`
    """
    known = _labelled(samples, target.field)
    has_references = known._root_dataset.has_field(REF_FIELD)
    paths, values = known.values(["filepath", target.field])
    return labelled(
        [Path(path) for path in paths],
        values,
        known.values(REF_FIELD) if has_references else [None] * len(paths),
        holder=known._root_dataset.name,
        target=target.field,
        scale=target.range,
        lower_is_better=target.lower_is_better,
        dataset=known._root_dataset.name,
    )


def count_labels(samples: SampleCollection, target: str) -> tuple[int, int]:
    """How many samples have a label to learn from, and how many one that is NaN or infinite."""
    labelled = len(_labelled(samples, target))
    return labelled, len(ImageSource().scored(samples).exists(target)) - labelled


def _labelled(samples: SampleCollection, target: str) -> SampleCollection:
    # To MongoDB NaN is less than any number.
    return ImageSource().scored(samples).match((F(target) > -math.inf) & (F(target) < math.inf))


def _summary(
    name: str, path: Path, run_key: str, counts: Mapping[str, int], notes: tuple[str, ...], results: Mapping[str, Any]
) -> TrainingSummary:
    interval = results["intervals_95"].get("srcc")
    return TrainingSummary(
        name=name,
        model=str(path),
        run_key=run_key,
        **counts,
        notes=notes,
        srcc=results["srcc"],
        srcc_interval=interval and (interval[0], interval[1]),
        plcc=results["plcc"],
        rmse=results["rmse"],
        in_words=results["in_words"],
        coverage=results["coverage_of_95_percent_intervals"],
    )
