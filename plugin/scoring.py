"""The engine: a stream of items in, a stream of scores out, in order, errors as data."""

from __future__ import annotations

import math
import os
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from .errors import ImageError, UsageError
from .images import MAX_PIXELS
from .loading import Frame, Reference, ReferenceCache, load
from .metrics import create
from .metrics.base import Comparison, Features, Metric

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
    """

    value: float
    stages: tuple[float, ...] = ()
    error_map: NDArray[np.uint8] | None = None


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
        preset: the metric's preset; None for its default
        policy: image policy; None for the metric's default
        batch_size: images at a time; None for what suits the device
        error_maps: also compute maps of where the images differ
        max_pixels: limit on an image's width × height
        reference_cache_bytes: memory for references that may be needed again

    Raises:
        UsageError: if a metric, device, preset or policy does not exist
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
        self.metrics: dict[str, Metric] = {
            name: create(name, device=self.device, **settings) for name in dict.fromkeys(metrics)
        }
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
        with _lanes(self.device) as (lanes, width), _decoders(self.device) as decoders:
            references = ReferenceCache(decoders, loader, self._reference_cache_bytes)
            jobs: deque[Future[list[Score]]] = deque()
            stream = iter(items)
            while batch := list(islice(stream, self.batch_size)):
                pairs = [
                    _Pair(
                        item,
                        decoders.submit(loader, item.dist),
                        None if item.ref is None else references.get(item.ref),
                    )
                    for item in batch
                ]
                self._submit_references(pairs, lanes)
                jobs.append(lanes.submit(self._score, pairs))
                if len(jobs) > 2 * width:
                    yield from jobs.popleft().result()
            while jobs:
                yield from jobs.popleft().result()

    def _submit_references(self, pairs: list[_Pair], lanes: Executor) -> None:
        # Lanes take jobs first in, first out, so a batch never waits for a reference that is queued behind it.
        for name, metric in self.metrics.items():
            new = {
                id(pair.reference): pair.reference
                for pair in pairs
                if pair.reference is not None and name not in pair.reference.features
            }
            if new:
                for reference in new.values():
                    reference.features[name] = Future()
                lanes.submit(self._compute_references, metric, list(new.values()))

    def _compute_references(self, metric: Metric, references: list[Reference]) -> None:
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

    def _reference_features(self, metric: Metric, references: Sequence[Reference]) -> list[Features | ImageError]:
        frames = [reference.frame.result() for reference in references]
        results: dict[int, Features | ImageError] = {
            index: frame for index, frame in enumerate(frames) if isinstance(frame, ImageError)
        }
        images = {
            index: frame.tensors[metric.policy.name] for index, frame in enumerate(frames) if isinstance(frame, Frame)
        }
        for batch in _of_one_size(images):
            features = metric.prepare(torch.stack([images[index] for index in batch]))
            # Slices share the batch's memory, which goes when the last of them does.
            for place, index in enumerate(batch):
                results[index] = tuple(stage[place : place + 1] for stage in features)
        return [results[index] for index in range(len(references))]

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

    def _measure(self, metric: Metric, pairs: Sequence[_Pair]) -> list[Measurement | str]:
        ready: dict[int, tuple[torch.Tensor, Features]] = {}
        results: dict[int, Measurement | str] = {}
        for index, pair in enumerate(pairs):
            inputs = _inputs(metric, pair)
            if isinstance(inputs, str):
                results[index] = inputs
            else:
                ready[index] = inputs
        for batch in _of_one_size({index: image for index, (image, _) in ready.items()}):
            images, references = zip(*(ready[index] for index in batch), strict=True)
            comparison = metric.compare(references, torch.stack(images), error_maps=self._error_maps)
            results.update(zip(batch, _measurements(comparison), strict=True))
        return [results[index] for index in range(len(pairs))]

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


def _inputs(metric: Metric, pair: _Pair) -> tuple[torch.Tensor, Features] | str:
    """What a metric needs of a pair, the image and its reference's features, or why it cannot be had."""
    frame = pair.frame.result()
    if isinstance(frame, ImageError):
        return str(frame)
    if pair.reference is None:
        return f"{pair.item.dist}: {metric.info.title} compares with a reference, and none is named"
    features = pair.reference.features[metric.info.name].result()
    if isinstance(features, ImageError):
        return f"reference {features}"
    if mismatch := _size_mismatch(metric, frame, pair.reference.frame.result()):
        return f"{pair.item.dist}: {mismatch}"
    return frame.tensors[metric.policy.name], features


def _of_one_size(images: dict[int, torch.Tensor]) -> Iterable[list[int]]:
    """Keys of the images that have the same shape."""
    groups: dict[torch.Size, list[int]] = {}
    for index, image in images.items():
        groups.setdefault(image.shape, []).append(index)
    return groups.values()


def _measurements(comparison: Comparison) -> list[Measurement | str]:
    # Each of these waits for the device once for the whole batch.
    values = comparison.scores.tolist()
    stages = [()] * len(values) if comparison.stages is None else comparison.stages.tolist()
    maps = [None] * len(values) if comparison.error_maps is None else comparison.error_maps.cpu().numpy()
    return [
        Measurement(value, tuple(each), error_map)
        if math.isfinite(value)
        else f"the score is {value}, not a finite number"
        for value, each, error_map in zip(values, stages, maps, strict=True)
    ]


def _size_mismatch(metric: Metric, frame: Frame, reference: Frame | ImageError) -> str | None:
    if metric.policy.size is not None or isinstance(reference, ImageError):
        return None
    if frame.shape == reference.shape:
        return None
    return f"{_by(frame)}, but its reference is {_by(reference)}; image policy 'resize-256' compares such pairs"


def _notes(frame: Frame | ImageError, reference: Reference | None) -> tuple[str, ...]:
    if (
        isinstance(frame, ImageError)
        or reference is None
        or isinstance(other := reference.frame.result(), ImageError)
    ):
        return ()
    notes = [*frame.notes, *(f"reference: {note}" for note in other.notes)]
    if frame.shape != other.shape:
        notes.append(f"sizes differ: {_by(frame)}, reference {_by(other)}")
    return tuple(notes)


def _by(frame: Frame) -> str:
    height, width = frame.shape
    return f"{width}×{height}"


@contextmanager
def _decoders(device: torch.device) -> Iterator[Executor]:
    width = torch.get_num_threads() if device.type == "cpu" else min(32, os.cpu_count() or 1)
    with _pool(width) as pool:
        yield pool


@contextmanager
def _lanes(device: torch.device) -> Iterator[tuple[Executor, int]]:
    """Threads that compute: one for a GPU; on the CPU one a core, each running its operators single-threaded.

    Small convolutions spend much of their time waiting at the barriers of an operator's own thread pool.
    """
    if device.type != "cpu":
        with _pool(1) as pool:
            yield pool, 1
        return
    threads = torch.get_num_threads()
    try:
        with _pool(threads, initializer=_run_single_threaded) as pool:
            yield pool, threads
    finally:
        torch.set_num_threads(threads)


def _run_single_threaded() -> None:
    torch.get_num_threads()  # PyTorch sets a thread's count when first asked, overriding what was set before.
    torch.set_num_threads(1)


@contextmanager
def _pool(width: int, **settings: Any) -> Iterator[Executor]:
    pool = ThreadPoolExecutor(width, **settings)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
