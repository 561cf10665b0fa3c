"""The engine: a stream of items in, a stream of scores out, in order, errors as data."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import torch

from ..errors import ImageError, UsageError
from ..images import MAX_PIXELS
from ..metrics import create, distinct, metric_info
from ..metrics.base import AnyMetric, Features, FullReferenceMetric, NoReferenceMetric
from ..threads import decoders, in_order, lanes
from .batching import by_size
from .devices import pick_device
from .loading import Frame, Reference, ReferenceCache, Watch, load
from .measuring import Pair, assessed, compared, features_of, image_of, notes_on, usable
from .quality_map import quality_map, require_scale
from .records import Item, Measurement, Score

T = TypeVar("T")
R = TypeVar("R")

GPU_BATCH: Final = 64
REFERENCE_CACHE_BYTES: Final = 1 << 30


class Scorer:
    """Scores images with one or several metrics, decoding each file once for all of them.

    Args:
        metrics: metric names
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``
        weights: weights file or folder; None to search
        preset: preset of the metrics that have presets; None for their default
        policy: image policy; None for each metric's default
        precision: of networks: ``float32``, ``bfloat16``, or ``auto`` for bfloat16 where the device has it; None for
            float32
        batch_size: images at a time; None for what suits the device
        error_maps: also compute maps of where the images differ
        quality_maps: also map where images are bad that are scored by themselves, see
            :func:`~.quality_map.quality_map`
        max_pixels: limit on an image's width × height
        reference_cache_bytes: memory for references that may be needed again
        watch: told of each image but the references what was decoded

    Raises:
        UsageError: if a metric, device, preset or policy does not exist, no metric takes a setting, or one whose
            scores have no scale is to make quality maps
        WeightsError: if a metric's weights are not found

    >>> import deepmse
    >>> scorer = deepmse.Scorer(["psnr", "piqe"], device="cpu")
    >>> sorted(scorer.describe()["metrics"])
    ['piqe', 'psnr']
    """

    def __init__(
        self,
        metrics: Sequence[str] = ("deepmse",),
        *,
        device: str = "auto",
        weights: str | Path | None = None,
        preset: str | None = None,
        policy: str | None = None,
        precision: str | None = None,
        batch_size: int | None = None,
        error_maps: bool = False,
        quality_maps: bool = False,
        max_pixels: int = MAX_PIXELS,
        reference_cache_bytes: int = REFERENCE_CACHE_BYTES,
        watch: Watch | None = None,
    ) -> None:
        if not metrics:
            raise UsageError("no metric to compute")
        if batch_size is not None and batch_size < 1:
            raise UsageError(f"the batch size must be at least 1, not {batch_size}")
        self.device = pick_device(device)
        chosen = {"weights": weights, "preset": preset, "policy": policy, "precision": precision}
        settings = {key: value for key, value in chosen.items() if value is not None}
        self.metrics: dict[str, AnyMetric] = _create_all(distinct(metrics), self.device, settings)
        self._compares = any(isinstance(metric, FullReferenceMetric) for metric in self.metrics.values())
        # Two at a time keep a core's cache warm; a GPU wants many.
        self.batch_size = batch_size or (2 if self.device.type == "cpu" else GPU_BATCH)
        self._error_maps = error_maps
        self._quality_maps = quality_maps
        if quality_maps:
            for metric in self.metrics.values():
                if isinstance(metric, NoReferenceMetric):
                    require_scale(metric)
        self._max_pixels = max_pixels
        self._reference_cache_bytes = reference_cache_bytes
        self._watch = watch

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
            stream = iter(items)
            batches = iter(lambda: list(islice(stream, self.batch_size)), [])
            watched = partial(loader, watch=self._watch)
            jobs = (self._submit(batch, decoding, computing, watched, references) for batch in batches)
            for scores in in_order(jobs, 2 * width):
                yield from scores

    def _submit(
        self,
        batch: Sequence[Item],
        decoding: Executor,
        computing: Executor,
        loader: Callable[[str | Path], Frame | ImageError],
        references: ReferenceCache,
    ) -> Future[list[Score]]:
        """Have a batch's files decoded, and then scored."""
        pairs = [
            Pair(
                item,
                decoding.submit(loader, item.dist),
                references.get(item.ref) if self._compares and item.ref is not None else None,
            )
            for item in batch
        ]
        self._submit_references(pairs, computing)
        return computing.submit(self._score, pairs)

    def _submit_references(self, pairs: list[Pair], computing: Executor) -> None:
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

        return by_size([usable(metric, reference.path, reference.frame) for reference in references], prepare)

    def _score(self, pairs: list[Pair]) -> list[Score]:
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
            Score(pair.item, measurements[index], errors[index], notes_on(pair.frame.result(), pair.reference))
            for index, pair in enumerate(pairs)
        ]

    def _measure(self, metric: AnyMetric, pairs: Sequence[Pair]) -> list[Measurement | str]:
        def measure(batch: list[int], images: torch.Tensor) -> list[Measurement | str]:
            if isinstance(metric, FullReferenceMetric):
                references = [features_of(metric, pairs[index]) for index in batch]
                return compared(metric, metric.compare(references, images, error_maps=self._error_maps))
            found = assessed(metric, metric.assess(images))
            return list(map(partial(_mapped, metric), images, found)) if self._quality_maps else found

        return by_size([image_of(metric, pair) for pair in pairs], measure)

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


def score(images: Iterable[str | Path], metrics: Sequence[str] = ("nr",), **settings: Any) -> list[Score]:
    """Score image files with no-reference metrics.

    Args:
        images: paths
        metrics: names of metrics, or files of trained models
        settings: see :class:`Scorer`

    Returns:
        one :class:`~deepmse.plugin.engine.records.Score` an image, in order; an image that cannot be scored has its
        reason in ``errors``

    Raises:
        UsageError: if a metric needs references, and see :class:`Scorer`
        WeightsError: see :class:`Scorer`

    >>> import deepmse
    >>> (result,) = deepmse.score(["no-such-file.png"], ["piqe"], device="cpu")
    >>> result.measurements, result.error
    ({}, 'no-such-file.png: no such file')
    """
    if comparing := [name for name in metrics if metric_info(name).kind == "FR"]:
        raise UsageError(f"{', '.join(comparing)}: compares with references; score pairs with score_pairs")
    scorer = Scorer(metrics, **settings)
    return list(scorer.run(Item(index, path) for index, path in enumerate(images)))


def score_pairs(
    pairs: Iterable[tuple[str | Path, str | Path]], metrics: Sequence[str] = ("deepmse",), **settings: Any
) -> list[Score]:
    """Score (reference, distorted) pairs of files.

    Args:
        pairs: paths, reference first
        metrics: names of metrics, or files of trained models
        settings: see :class:`Scorer`

    Returns:
        one :class:`~deepmse.plugin.engine.records.Score` a pair, in order; a pair that cannot be scored has its
        reason in ``errors``

    Raises:
        UsageError: see :class:`Scorer`
        WeightsError: see :class:`Scorer`

    >>> import deepmse, tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name, level in (("ref.png", 100), ("dist.png", 110)):
    ...     Image.new("RGB", (64, 64), (level, level, level)).save(folder / name)
    >>> (result,) = deepmse.score_pairs([(folder / "ref.png", folder / "dist.png")], ["psnr"], device="cpu")
    >>> round(result.measurements["psnr"].value, 3)  # 20 log10(255 / 10)
    28.131
    """
    scorer = Scorer(metrics, **settings)
    return list(scorer.run(Item(index, dist, ref) for index, (ref, dist) in enumerate(pairs)))


def _mapped(metric: NoReferenceMetric, image: torch.Tensor, found: Measurement | str) -> Measurement | str:
    """A measurement with the map of its image, unless that is too narrow for a window."""
    if isinstance(found, str):
        return found
    try:
        return replace(found, error_map=quality_map(metric, image).levels)
    except UsageError:
        return found


def _create_all(names: Iterable[str], device: torch.device, settings: dict[str, Any]) -> dict[str, AnyMetric]:
    """Make metrics, each with the settings that it takes."""
    taken = {name: {key for key in settings if key in metric_info(name).settings} for name in names}
    for key, value in settings.items():
        if not any(key in keys for keys in taken.values()):
            raise UsageError(f"none of the metrics {', '.join(taken)} takes {key} ({value})")
    made = [create(name, device=device, **{key: settings[key] for key in keys}) for name, keys in taken.items()]
    return {metric.info.name: metric for metric in made}
