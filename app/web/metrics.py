"""The metrics of the web page: which it offers, and what they find in a visitor's pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from ...plugin.engine.devices import pick_device
from ...plugin.engine.records import Item, Measurement, Score
from ...plugin.engine.scorer import Scorer
from ...plugin.errors import UsageError
from ...plugin.images import NATIVE
from ...plugin.images.tensors import to_tensor
from ...plugin.metrics import Kind, MetricInfo, create, metric_info, metric_names
from ...plugin.metrics.base import AnyMetric
from ...plugin.metrics.inventory import lack
from .uploads import MAX_PIXELS, Picture

if TYPE_CHECKING:
    import torch

#: Most metrics look at pictures in their own size, and at this one the hungriest takes gigabytes and half a minute.
MAX_PIXELS_OF_OTHERS: Final = 4_000_000

#: Computed where none is chosen: for pictures by themselves, and for pairs.
ALONE: Final = "nr"
IN_PAIRS: Final = "deepmse"

#: Sets of metrics that are kept in memory, ready to compute.
KEPT_SCORERS: Final = 2


@dataclass(frozen=True)
class Reading:
    """What a metric that the visitor chose has found.

    Args:
        metric: the metric
        value: its score, which may be infinite; None if it has none
        error: why it has none
    """

    metric: MetricInfo
    value: float | None = None
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The reading as JSON, which knows no infinity: a score that JSON can't hold is null, with a reason."""
        finite = self.value is not None and math.isfinite(self.value)
        return {
            "title": self.metric.title,
            "score": self.value if finite else None,
            "reason": "" if finite else self.error or "infinite",
            "lower_is_better": self.metric.lower_is_better,
            "range": [bound if math.isfinite(bound) else None for bound in self.metric.range],
        }


@dataclass(frozen=True)
class Findings:
    """What metrics have found in one picture, or in one pair.

    Args:
        metric: the metric that the answer is about
        main: score of the main metric, or why it has none
        others: of those that the visitor chose
        notes: what was done to the images before they were scored
        warnings: what weakens the scores
        settings: everything that decides them; JSON-able
        seconds: how long it took
    """

    metric: MetricInfo
    main: Measurement
    others: tuple[Reading, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    settings: dict[str, Any]
    seconds: float


class Metrics:
    """A metric, and others of its kind that visitors may add to it.

    Args:
        main: name of the metric
        kind: its kind
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        weights: file or folder of the metric's weights, which the others are not offered for; None searches

    Attributes:
        others: what visitors may add: all that this machine has the packages and weights for
    """

    def __init__(self, main: str, kind: Kind, *, device: str = "auto", weights: Path | None = None) -> None:
        self._main = main
        self._device = device
        self._weights = weights
        self.others = tuple(
            other
            for other in runnable(kind)
            if other.name != main and (weights is None or "weights" not in other.settings)
        )
        make = partial(Scorer, device=device, weights=weights, error_maps=True, max_pixels=MAX_PIXELS)
        self._scorer = lru_cache(KEPT_SCORERS)(make)

    @cached_property
    def main(self) -> AnyMetric:
        """The metric itself, for what it tells beside a score.

        Raises:
            WeightsError: if its weights are missing or damaged
        """
        settings = (
            {"weights": self._weights} if self._weights and "weights" in metric_info(self._main).settings else {}
        )
        return create(self._main, device=pick_device(self._device), **settings)

    def pixels(self, picture: Picture) -> torch.Tensor:
        """A picture as the metric looks at it."""
        return to_tensor(picture.decoded, self.main.policy).to(pick_device(self._device))

    def __call__(
        self, chosen: object, picture: Picture, reference: Picture | None = None, done: Sequence[str] = ()
    ) -> Findings:
        """Score a picture, decoding it once for all metrics.

        Args:
            chosen: names of other metrics to add, as a client sent them
            picture: the picture
            reference: what to compare it with
            done: what was done to the pictures before, in words

        Raises:
            UsageError: if a metric is not offered, or the main one has no score, with the reason
            WeightsError: if weights are missing or damaged
        """
        pictures = [picture] if reference is None else [picture, reference]
        names = chosen_names(self.others, chosen, "other metrics")
        # In the registry's order, so that one set of them is always the same.
        others = [info for info in self.others if info.name in names]
        too_large = _too_large(pictures)
        scorer = self._scorer((self._main, *(() if too_large else (other.name for other in others))))
        item = Item("picture", dist=picture.path, ref=reference.path if reference else None)
        start = perf_counter()
        [score] = scorer.run([item])
        seconds = perf_counter() - start
        errors = {name: _in_the_visitors_words(error, pictures) for name, error in score.errors.items()}
        if self._main in errors:
            raise UsageError(errors[self._main])
        return Findings(
            metric=metric_info(self._main),
            main=score.measurements[self._main],
            others=tuple(
                _reading(other, score, too_large or _unequal(other, pictures) or errors.get(other.name, ""))
                for other in others
            ),
            notes=(*done, *score.notes),
            warnings=scorer.warnings,
            settings=scorer.describe(),
            seconds=seconds,
        )


def chosen_names(offered: Sequence[MetricInfo], chosen: object, noun: str) -> tuple[str, ...]:
    """Names of metrics as a client sent them, each once.

    Args:
        offered: the metrics to choose from
        chosen: what the client sent
        noun: what is chosen, for the error

    Raises:
        UsageError: if it is no list of offered names
    """
    names = {info.name for info in offered}
    if not isinstance(chosen, list | tuple) or not all(isinstance(name, str) and name in names for name in chosen):
        raise UsageError(f"Choose {noun} by a list of names. Here are {', '.join(sorted(names))}.")
    return tuple(dict.fromkeys(chosen))


def runnable(kind: Kind | None = None) -> list[MetricInfo]:
    """The metrics that this machine has the packages and weights for.

    Args:
        kind: of this kind only; None for all
    """
    return [info for info in map(metric_info, metric_names(kind)) if lack(info) is None]


class Scorers:
    """Engines for sets of metrics, of which the last few are kept in memory.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        weights: file or folder of DeepMSE's weights; None searches for them
    """

    def __init__(self, device: str = "auto", weights: Path | None = None) -> None:
        self._device = device
        self._weights = weights
        self._scorer = lru_cache(KEPT_SCORERS)(self._make)

    def __call__(self, names: tuple[str, ...]) -> Scorer:
        """The engine for a set of metrics.

        Raises:
            UsageError: if the page has weights for DeepMSE alone, and another metric would take them
            WeightsError: if weights are missing or damaged
        """
        return self._scorer(names)

    def _make(self, names: tuple[str, ...]) -> Scorer:
        weights = self._weights if IN_PAIRS in names else None
        others = [
            info.title for info in map(metric_info, names) if info.name != IN_PAIRS and "weights" in info.settings
        ]
        if weights and others:
            raise UsageError(f"The weights of this page are DeepMSE's alone. Leave {' and '.join(others)} out.")
        is_hungry = bool({*names} - {ALONE, IN_PAIRS})
        limit = MAX_PIXELS_OF_OTHERS if is_hungry else MAX_PIXELS
        return Scorer(names, device=self._device, weights=weights, max_pixels=limit)


def _reading(metric: MetricInfo, score: Score, error: str) -> Reading:
    return Reading(metric, error=error) if error else Reading(metric, score.measurements[metric.name].value)


def _too_large(pictures: list[Picture]) -> str:
    for picture in pictures:
        if math.prod(picture.decoded.shape) > MAX_PIXELS_OF_OTHERS:
            limit = f"{MAX_PIXELS_OF_OTHERS / 1e6:g}"
            return f"“{picture.name}” is too large for this metric here: {picture.size}, of at most {limit} million"
    return ""


def _unequal(metric: MetricInfo, pictures: list[Picture]) -> str:
    if metric.policy != NATIVE.name or len({picture.decoded.shape for picture in pictures}) == 1:
        return ""
    sizes = ", ".join(f"“{picture.name}” has {picture.size}" for picture in pictures)
    return f"this metric compares pictures of one size only: {sizes}"


def _in_the_visitors_words(error: str, pictures: list[Picture]) -> str:
    for picture in pictures:
        error = error.replace(picture.path, f"“{picture.name}”")
    return error
