"""The engine: a stream of items in, a stream of scores out, in order, errors as data."""

from __future__ import annotations

import math
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import ImageError, UsageError
from ..images import MAX_PIXELS
from ..metrics import create, distinct, metric_info
from ..metrics.base import (
    AnyMetric,
    Assessment,
    Comparison,
    Features,
    FullReferenceMetric,
    Metric,
    NoReferenceMetric,
)
from ..threads import decoders, lanes
from .loading import Frame, Reference, ReferenceCache, load

T = TypeVar("T")
R = TypeVar("R")

GPU_BATCH: Final = 64
REFERENCE_CACHE_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class Item:
    """One thing to score.

    Args:
        key: whatever the caller knows it by
        dist: path of the distorted image
        ref: path of its reference
    """

    key: Any
    dist: str | Path
    ref: str | Path | None = None


@dataclass(frozen=True)
class Measurement:
    """What one metric found.

    Args:
        value: the score
        stages: per-stage values, if the metric has stages
        error_map: where the images differ, uint8 (h, w), on one scale for all images, if asked for
        deviation: standard deviation of the score's error, if the metric knows it
        percentile: share of the metric's training images that score lower, 0 to 100, if it has them
        grade: the score in a plain word, if the metric has them
    """

    value: float
    stages: tuple[float, ...] = ()
    error_map: NDArray[np.uint8] | None = None
    deviation: float | None = None
    percentile: float | None = None
    grade: str | None = None


@dataclass(frozen=True)
class Score:
    """An item's scores.

    Args:
        item: the item
        measurements: by metric name, of the metrics that succeeded
        errors: by metric name, why a metric has no score
        notes: what had to be done to the images beyond decoding and resizing
    """

    item: Item
    measurements: dict[str, Measurement]
    errors: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        """All reasons in one line, empty if every metric succeeded."""
        return " ".join("; ".join(dict.fromkeys(self.errors.values())).split())


@dataclass(frozen=True)
class _Pair:
    item: Item
    frame: Future[Frame | ImageError]
    reference: Reference | None


class Scorer:
    """Scores images with one or several metrics, decoding each file once for all of them.

    Args:
        metrics: metric names
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``
        weights: weights file or folder; None to search
        preset: preset of the metrics that have presets; None for their default
        policy: image policy; None for each metric's default
        batch_size: images at a time; None for what suits the device
        error_maps: also compute maps of where the images differ
        max_pixels: limit on an image's width × height
        reference_cache_bytes: memory for references that may be needed again

    Raises:
        UsageError: if a metric, device, preset or policy does not exist, or no metric takes a setting
        WeightsError: if a metric's weights are not found
    """

    def __init__(
        self,
        metrics: Sequence[str] = ("deepmse",),
        *,
        device: str = "auto",
        weights: str | Path | None = None,
        preset: str | None = None,
        policy: str | None = None,
        batch_size: int | None = None,
        error_maps: bool = False,
        max_pixels: int = MAX_PIXELS,
        reference_cache_bytes: int = REFERENCE_CACHE_BYTES,
    ) -> None:
        if not metrics:
            raise UsageError("no metric to compute")
        if batch_size is not None and batch_size < 1:
            raise UsageError(f"the batch size must be at least 1, not {batch_size}")
        self.device = pick_device(device)
        chosen = {"weights": weights, "preset": preset, "policy": policy}
        settings = {key: value for key, value in chosen.items() if value is not None}
        self.metrics: dict[str, AnyMetric] = _create_all(distinct(metrics), self.device, settings)
        self._compares = any(isinstance(metric, FullReferenceMetric) for metric in self.metrics.values())
        # Two at a time keep a core's cache warm; a GPU wants many.
        self.batch_size = batch_size or (2 if self.device.type == "cpu" else GPU_BATCH)
        self._error_maps = error_maps
        self._max_pixels = max_pixels
        self._reference_cache_bytes = reference_cache_bytes

    def describe(self) -> dict[str, Any]:
        """Everything that decides the scores, for run records; JSON-able."""
        return {
            "metrics": {
                name: {**metric.describe(), "policy": metric.policy.describe()}
                for name, metric in self.metrics.items()
            },
            "device": str(self.device),
            "device_name": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU",
            "max_pixels": self._max_pixels,
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in ("torch", "torchvision", "pillow", "numpy")},
            },
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user must know before trusting the scores."""
        descriptions = (metric.describe() for metric in self.metrics.values())
        found = (description.get("weights", {}).get("warning") for description in descriptions)
        return tuple(dict.fromkeys(warning for warning in found if warning))

    def run(self, items: Iterable[Item]) -> Iterator[Score]:
        """Score items, in order, reading ahead only as far as keeps the device busy.

        A file that cannot be used gives a score with an error and no measurement.
        """
        policies = tuple({metric.policy.name: metric.policy for metric in self.metrics.values()}.values())
        loader = partial(load, policies=policies, device=self.device, max_pixels=self._max_pixels)
        with lanes(self.device) as (computing, width), decoders(self.device) as decoding:
            references = ReferenceCache(decoding, loader, self._reference_cache_bytes)
            jobs: deque[Future[list[Score]]] = deque()
            stream = iter(items)
            while batch := list(islice(stream, self.batch_size)):
                pairs = [
                    _Pair(
                        item,
                        decoding.submit(loader, item.dist),
                        references.get(item.ref) if self._compares and item.ref is not None else None,
                    )
                    for item in batch
                ]
                self._submit_references(pairs, computing)
                jobs.append(computing.submit(self._score, pairs))
                if len(jobs) > 2 * width:
                    yield from jobs.popleft().result()
            while jobs:
                yield from jobs.popleft().result()

    def _submit_references(self, pairs: list[_Pair], computing: Executor) -> None:
        # Lanes take jobs first in, first out, so a batch never waits for a reference that is queued behind it.
        for name, metric in self.metrics.items():
            if not isinstance(metric, FullReferenceMetric):
                continue
            new = {
                id(pair.reference): pair.reference
                for pair in pairs
                if pair.reference is not None and name not in pair.reference.features
            }
            if new:
                for reference in new.values():
                    reference.features[name] = Future()
                computing.submit(self._compute_references, metric, list(new.values()))

    def _compute_references(self, metric: FullReferenceMetric, references: list[Reference]) -> None:
        promises = [reference.features[metric.info.name] for reference in references]
        try:
            with torch.inference_mode():
                results = self._in_parts(
                    references,
                    partial(self._reference_features, metric),
                    lambda reference: ImageError(reference.path, self._too_large),
                )
                for promise, result in zip(promises, results, strict=True):
                    promise.set_result(result)
        except BaseException as error:
            for promise in promises:
                if not promise.done():
                    promise.set_exception(error)
            raise

    def _reference_features(
        self, metric: FullReferenceMetric, references: Sequence[Reference]
    ) -> list[Features | ImageError]:
        def prepare(_: list[int], images: torch.Tensor) -> list[Features]:
            features = metric.prepare(images)
            # Slices share the batch's memory, which goes when the last of them does.
            return [tuple(stage[place : place + 1] for stage in features) for place in range(len(images))]

        return _by_size([_usable(metric, reference.path, reference.frame) for reference in references], prepare)

    def _score(self, pairs: list[_Pair]) -> list[Score]:
        measurements: list[dict[str, Measurement]] = [{} for _ in pairs]
        errors: list[dict[str, str]] = [{} for _ in pairs]
        with torch.inference_mode():
            for name, metric in self.metrics.items():
                results = self._in_parts(
                    pairs, partial(self._measure, metric), lambda pair: f"{pair.item.dist}: {self._too_large}"
                )
                for index, result in enumerate(results):
                    if isinstance(result, Measurement):
                        measurements[index][name] = result
                    else:
                        errors[index][name] = result
        return [
            Score(pair.item, measurements[index], errors[index], _notes(pair.frame.result(), pair.reference))
            for index, pair in enumerate(pairs)
        ]

    def _measure(self, metric: AnyMetric, pairs: Sequence[_Pair]) -> list[Measurement | str]:
        def measure(batch: list[int], images: torch.Tensor) -> list[Measurement | str]:
            if isinstance(metric, FullReferenceMetric):
                references = [_features(metric, pairs[index]) for index in batch]
                return _compared(metric, metric.compare(references, images, error_maps=self._error_maps))
            return _assessed(metric, metric.assess(images))

        return _by_size([_image(metric, pair) for pair in pairs], measure)

    def _in_parts(
        self, batch: Sequence[T], compute: Callable[[Sequence[T]], list[R]], failed: Callable[[T], R]
    ) -> list[R]:
        """Compute a batch's results, by ever smaller parts where the device's memory does not hold it whole."""
        try:
            return compute(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                return [failed(batch[0])]
        # Outside the handler, which would keep the failed computation's tensors alive.
        torch.cuda.empty_cache()
        half = len(batch) // 2
        self.batch_size = max(1, min(self.batch_size, half))
        return self._in_parts(batch[:half], compute, failed) + self._in_parts(batch[half:], compute, failed)

    @property
    def _too_large(self) -> str:
        return f"out of memory on {self.device} even by itself"


def score_pairs(
    pairs: Iterable[tuple[str | Path, str | Path]], metrics: Sequence[str] = ("deepmse",), **settings: Any
) -> list[Score]:
    """Score (reference, distorted) pairs of files.

    Args:
        pairs: paths, reference first
        metrics: metric names
        settings: see :class:`Scorer`

    Returns:
        one :class:`Score` a pair, in order; a pair that cannot be scored has its reason in ``errors``

    Raises:
        UsageError: see :class:`Scorer`
        WeightsError: see :class:`Scorer`
    """
    scorer = Scorer(metrics, **settings)
    return list(scorer.run(Item(index, dist, ref) for index, (ref, dist) in enumerate(pairs)))


def pick_device(name: str) -> torch.device:
    """The device of a name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: if it does not exist here
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, _, number = name.partition(":")
    if kind != "cuda" or (number and not number.isdecimal()):
        raise UsageError(f"no device {name!r}; there are auto, cpu, cuda and cuda:N")
    if int(number or 0) >= torch.cuda.device_count():
        raise UsageError(f"device {name} is not there: PyTorch sees {torch.cuda.device_count()} CUDA devices")
    return torch.device(name)


def _create_all(names: Iterable[str], device: torch.device, settings: dict[str, Any]) -> dict[str, AnyMetric]:
    """Make metrics, each with the settings that it takes."""
    taken = {name: {key for key in settings if key in metric_info(name).settings} for name in names}
    for key, value in settings.items():
        if not any(key in keys for keys in taken.values()):
            raise UsageError(f"none of the metrics {', '.join(taken)} takes {key} ({value})")
    made = [create(name, device=device, **{key: settings[key] for key in keys}) for name, keys in taken.items()]
    return {metric.info.name: metric for metric in made}


def _usable(metric: Metric, path: str | Path, loaded: Future[Frame | ImageError]) -> torch.Tensor | ImageError:
    """A file's image as a metric takes it, or why it cannot."""
    frame = loaded.result()
    if isinstance(frame, ImageError):
        return frame
    image = frame.tensors[metric.policy.name]
    height, width = image.shape[-2:]
    if min(height, width) < metric.min_side:
        return ImageError(
            path, f"{width}×{height} is too small: {metric.info.title} needs {metric.min_side} pixels a side"
        )
    return image


def _image(metric: Metric, pair: _Pair) -> torch.Tensor | str:
    """The image of a pair that a metric is to score, or why it cannot."""
    image = _usable(metric, pair.item.dist, pair.frame)
    if isinstance(image, ImageError):
        return str(image)
    if not isinstance(metric, FullReferenceMetric):
        return image
    if pair.reference is None:
        return f"{pair.item.dist}: {metric.info.title} compares with a reference, and none is named"
    features = pair.reference.features[metric.info.name].result()
    if isinstance(features, ImageError):
        return f"reference {features}"
    if mismatch := _size_mismatch(metric, pair.frame.result(), pair.reference.frame.result()):
        return f"{pair.item.dist}: {mismatch}"
    return image


def _features(metric: FullReferenceMetric, pair: _Pair) -> Features:
    """What the metric keeps of the reference of a pair whose image ``_image`` gave."""
    return cast(Features, cast(Reference, pair.reference).features[metric.info.name].result())


def _by_size(
    images: Sequence[torch.Tensor | R], compute: Callable[[list[int], torch.Tensor], Sequence[R]]
) -> list[R]:
    """Compute results for images in batches of one size; what is no image is its own result.

    Args:
        images: images, shape (3, H, W), or results
        compute: gives the results of a batch for the images' places in ``images`` and the images, shape (N, 3, H, W)
    """
    results: dict[int, R] = {}
    groups: dict[torch.Size, list[int]] = {}
    for index, image in enumerate(images):
        if isinstance(image, torch.Tensor):
            groups.setdefault(image.shape, []).append(index)
        else:
            results[index] = image
    for batch in groups.values():
        stacked = torch.stack([image for index in batch if isinstance(image := images[index], torch.Tensor)])
        results.update(zip(batch, compute(batch, stacked), strict=True))
    return [results[index] for index in range(len(images))]


def _compared(metric: Metric, comparison: Comparison) -> list[Measurement | str]:
    # Each of these waits for the device once for the whole batch.
    values = comparison.scores.tolist()
    stages = [()] * len(values) if comparison.stages is None else comparison.stages.tolist()
    maps = [None] * len(values) if comparison.error_maps is None else comparison.error_maps.cpu().numpy()
    return [
        _not_a_score(metric, value) or Measurement(value, tuple(each), error_map)
        for value, each, error_map in zip(values, stages, maps, strict=True)
    ]


def _assessed(metric: NoReferenceMetric, assessment: Assessment) -> list[Measurement | str]:
    values = assessment.scores.tolist()
    others = (assessment.deviations, assessment.percentiles)
    deviations, percentiles = ([None] * len(values) if each is None else each.tolist() for each in others)
    return [
        _not_a_score(metric, value)
        or Measurement(value, deviation=deviation, percentile=percentile, grade=metric.grade(value))
        for value, deviation, percentile in zip(values, deviations, percentiles, strict=True)
    ]


def _not_a_score(metric: Metric, value: float) -> str | None:
    if math.isfinite(value) or (metric.may_be_infinite and math.isinf(value)):
        return None
    if metric.undefined and math.isnan(value):
        return f"{metric.info.title} is not defined for {metric.undefined}"
    return f"the score is {value}, not a finite number"


def _size_mismatch(metric: Metric, frame: Frame | ImageError, reference: Frame | ImageError) -> str | None:
    if metric.policy.size is not None or isinstance(frame, ImageError) or isinstance(reference, ImageError):
        return None
    if frame.shape == reference.shape:
        return None
    return f"{_by(frame)}, but its reference is {_by(reference)}; the image policy resize-256 brings both to one size"


def _notes(frame: Frame | ImageError, reference: Reference | None) -> tuple[str, ...]:
    if isinstance(frame, ImageError):
        return ()
    if reference is None:
        return frame.notes
    if isinstance(other := reference.frame.result(), ImageError):
        return ()
    notes = [*frame.notes, *(f"reference: {note}" for note in other.notes)]
    if frame.shape != other.shape:
        notes.append(f"sizes differ: {_by(frame)}, reference {_by(other)}")
    return tuple(notes)


def _by(frame: Frame) -> str:
    height, width = frame.shape
    return f"{width}×{height}"
