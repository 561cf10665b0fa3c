"""From labels in a field to a trained no-reference model, recorded as a FiftyOne run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F
from fiftyone.core.collections import SampleCollection
from numpy.typing import NDArray

from ..errors import ImageError, UsageError
from ..learning.folds import FEWEST, number_of_folds
from ..metrics import MODEL_SUFFIX, metric_info
from .compute import Progress
from .config import media_dir
from .fields import REF_FIELD, ScoreFields, Target, check_score_fields, resolve_target
from .items import ImageSource, whole
from .runs import Run

UNCERTAIN: Final = 100
"""Images in the view of those to label next."""

_STEPS_OF_FITTING: Final = 6


@dataclass(frozen=True)
class TrainingSummary:
    """What a training did.

    Attributes:
        name: of the model, and of the field for its scores
        model: path of the model's file
        run_key: key of the FiftyOne run that records the settings
        n: labels that were learnt from
        failed: images that could not be read
        srcc: cross-validated Spearman correlation with the labels; None where all scores are the same
        srcc_interval: its 95 % confidence interval, where it can be had
        plcc: cross-validated Pearson correlation with the labels, without a fit; None as above
        coverage: share of the labels within the 95 % intervals of their scores
    """

    name: str
    model: str
    run_key: str
    n: int
    failed: int
    srcc: float | None
    srcc_interval: tuple[float, float] | None
    plcc: float | None
    coverage: float

    def to_dict(self) -> dict[str, Any]:
        """The summary, ready for JSON."""
        return asdict(self)


class TrainingJob:
    """Trains a no-reference model on a view's labels.

    Iterating does the work: it yields a ``Progress`` about once a second.

    Args:
        samples: dataset or view; those without a label are left out
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
        samples = whole(samples)
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
            UsageError: the samples are no images, the field is not numeric, there are too few labels, or all are of
                copies of one reference
        """
        samples = whole(samples)
        ImageSource().check(samples)
        resolve_target(samples._root_dataset, target)
        labelled = len(_labelled(samples, target))
        if labelled < FEWEST:
            raise UsageError(
                f"{labelled} samples have a value in {target!r}: too few to learn from; label "
                f"{FEWEST} or more, 200 make a useful model"
            )
        if samples._root_dataset.has_field(REF_FIELD):
            number_of_folds(_labelled(samples, target).values(REF_FIELD))

    @property
    def summary(self) -> TrainingSummary:
        """What was done; there is one once the iteration has ended."""
        if self._summary is None:
            raise RuntimeError("the training has not ended")
        return self._summary

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        # Here and not at the top: these import torch.
        from ..engine.scorer import pick_device
        from ..learning.gaussian_process import (
            card as nr_card,
        )
        from ..learning.gaussian_process import (
            extraction as nr_extraction,
        )
        from ..learning.gaussian_process import (
            files as nr_files,
        )
        from ..learning.gaussian_process import (
            training as nr_training,
        )
        from ..learning.gaussian_process.design import Recipe
        from ..learning.gaussian_process.features import FeatureNetwork

        labelled = _labelled(self._samples, self._target.field)
        paths, labels, references = _columns(labelled, self._target.field)
        recipe, device = Recipe(), pick_device(self._device)
        network = FeatureNetwork(recipe.taps, recipe.pool, device)
        run = Run(
            self._samples, self._name, {"trained": self._name, "target": self._target.field, "device": str(device)}
        )
        with run:
            total = len(paths) + _STEPS_OF_FITTING
            yield Progress(0, total, 0)
            told, failed, kept, features = time.monotonic(), 0, list[int](), []
            for done, found in enumerate(nr_extraction.views(map(Path, paths), network, device), start=1):
                if isinstance(found, ImageError):
                    failed += 1
                else:
                    kept.append(done - 1)
                    features.append(found)
                if time.monotonic() - told >= 1:
                    told = time.monotonic()
                    yield Progress(done, total, failed)
            yield Progress(len(paths), total, failed)
            samples = nr_training.Samples(
                np.stack(features) if features else np.zeros((0, 2, 0), np.float32),
                network.sizes(),
                _opinions(np.array([labels[index] for index in kept], dtype=np.float64), self._target),
                network.weights.sha256,
                tuple(references[index] for index in kept),
            )
            model, validation = nr_training.train(samples, recipe)
            origin = {"dataset": labelled._root_dataset.name, "labels": self._target.field, "failed": failed}
            card = nr_card.card(origin, samples, network.weights, model, validation, (), seed=0)
            nr_files.save(model, self._path, card)
            self._summary = _summary(self._name, self._path, run.key, failed, len(kept), card["results"])
            run.tell({"learnt": len(kept), "failed": failed})
            yield Progress(total, total, failed)


def check_model_name(dataset: fo.Dataset, name: str) -> Path:
    """Where a model of that name is kept.

    Raises:
        UsageError: the name cannot be a field's, is that of a metric, or of a field that holds something else
    """
    path = media_dir(dataset) / "models" / f"{name}{MODEL_SUFFIX}"
    info = metric_info(str(path))
    field = info.field
    check_score_fields(dataset, info, error_maps=False)
    if dataset.has_field(field) and not path.exists():
        raise UsageError(f"{dataset.name} has a field {field!r} already; choose another name")
    return path


def save_uncertain_view(samples: SampleCollection, name: str, target: str) -> str:
    """Save the view of the images without a label that a model is least sure of, least sure first.

    Returns:
        the view's name
    """
    dataset = samples._root_dataset
    deviation = ScoreFields.of(metric_info(f"{name}{MODEL_SUFFIX}")).std
    title = f"label next for {name}"
    view = dataset.match((F(target) == None) & (F(deviation) != None))  # noqa: E711
    dataset.save_view(
        title,
        view.sort_by(deviation, reverse=True).limit(UNCERTAIN),
        description=f"Without a {target}, and the ones that {name} is least sure of",
        overwrite=True,
    )
    return title


def _labelled(samples: SampleCollection, target: str) -> SampleCollection:
    """Samples with a finite label."""
    found = ImageSource().scored(samples).exists(target)
    values = found.values(target)
    finite = [value is not None and math.isfinite(value) for value in values]
    if all(finite):
        return found
    labelled = [key for key, good in zip(found.values("id"), finite, strict=True) if good]
    return found.select(labelled)


def _columns(samples: SampleCollection, target: str) -> tuple[list[str], list[float], list[str | None]]:
    """Path and label of each image, and what it is a copy of; None where it is an original."""
    if samples._root_dataset.has_field(REF_FIELD):
        paths, labels, references = samples.values(["filepath", target, REF_FIELD])
        return paths, labels, references
    paths, labels = samples.values(["filepath", target])
    return paths, labels, [None] * len(paths)


def _opinions(labels: NDArray[np.float64], target: Target) -> NDArray[np.float64]:
    """Labels as scores of 0 to 100, higher is better; over the declared range, else over the labels' own."""
    low, high = target.range or (labels.min(initial=np.inf), labels.max(initial=-np.inf))
    shares = (labels - low) / ((high - low) or 1)
    return 100 * np.clip(1 - shares if target.lower_is_better else shares, 0, 1)


def _summary(
    name: str, path: Path, run_key: str, failed: int, learnt: int, results: Mapping[str, Any]
) -> TrainingSummary:
    interval = results["intervals_95"].get("srcc")
    return TrainingSummary(
        name=name,
        model=str(path),
        run_key=run_key,
        n=learnt,
        failed=failed,
        srcc=results["srcc"],
        srcc_interval=interval and (interval[0], interval[1]),
        plcc=results["plcc_without_fit"],
        coverage=results["coverage_of_95_percent_intervals"],
    )
