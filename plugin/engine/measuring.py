"""What goes into a metric of a decoded pair, and what of the metric's answer is a score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import torch

from ..errors import ImageError
from ..images.sizes import same_shape
from ..metrics.base import Assessment, Comparison, Features, FullReferenceMetric, Metric, NoReferenceMetric
from ..metrics.causes import Cause
from .loading import Frame, Reference
from .records import Item, Measurement

SHAPES_DIFFER: Final = "shapes differ"
"""How the note on a pair begins whose pictures do not lie over each other, however they are scaled."""


@dataclass(frozen=True)
class Pair:
    """An item whose files are being decoded.

    Args:
        item: the item
        frame: its distorted image, or why it cannot be used
        reference: its reference, shared with others; None where none is named or no metric compares
    """

    item: Item
    frame: Future[Frame | ImageError]
    reference: Reference | None


def usable(metric: Metric, path: str | Path, loaded: Future[Frame | ImageError]) -> torch.Tensor | ImageError:
    """A file's image as a metric takes it, or why it cannot."""
    frame = loaded.result()
    if isinstance(frame, ImageError):
        return frame
    image = frame.tensors[metric.policy.name]
    height, width = image.shape[-2:]
    if min(height, width) < metric.min_side:
        return ImageError(
            path, f"too small: {width}×{height}, and {metric.info.title} needs {metric.min_side} pixels a side"
        )
    return image


def image_of(metric: Metric, pair: Pair) -> torch.Tensor | str:
    """The image of a pair that a metric is to score, or why it cannot."""
    image = usable(metric, pair.item.dist, pair.frame)
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


def features_of(metric: FullReferenceMetric, pair: Pair) -> Features:
    """What the metric keeps of the reference of a pair whose image ``image_of`` gave."""
    return cast(Features, cast(Reference, pair.reference).features[metric.info.name].result())


def compared(metric: Metric, comparison: Comparison) -> list[Measurement | str]:
    """What a comparison found of each pair, or why that is no score."""
    # Each of these waits for the device once for the whole batch.
    values = comparison.scores.tolist()
    stages = [()] * len(values) if comparison.stages is None else comparison.stages.tolist()
    maps = [None] * len(values) if comparison.error_maps is None else comparison.error_maps.cpu().numpy()
    return [
        _why_no_score(metric, value) or Measurement(value, tuple(each), error_map)
        for value, each, error_map in zip(values, stages, maps, strict=True)
    ]


def assessed(metric: NoReferenceMetric, assessment: Assessment) -> list[Measurement | str]:
    """What an assessment found of each image, or why that is no score."""
    values = assessment.scores.tolist()
    others = (assessment.deviations, assessment.percentiles)
    deviations, percentiles = ([None] * len(values) if each is None else each.tolist() for each in others)
    domains: Sequence[str | None] = assessment.domains or [None] * len(values)
    causes: Sequence[tuple[Cause, ...]] = assessment.causes or [()] * len(values)
    return [
        _why_no_score(metric, value)
        or Measurement(
            value,
            deviation=deviation,
            percentile=percentile,
            grade=metric.grade(value),
            domain=domain,
            causes=likely,
        )
        for value, deviation, percentile, domain, likely in zip(
            values, deviations, percentiles, domains, causes, strict=True
        )
    ]


def _why_no_score(metric: Metric, value: float) -> str | None:
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
    return (
        f"of another size than its reference: {_by(frame)}, not {_by(reference)}; the image policy resize-256 brings "
        "both to one size"
    )


def notes_on(frame: Frame | ImageError, reference: Reference | None) -> tuple[str, ...]:
    """What had to be done to a pair's images beyond decoding and resizing."""
    if isinstance(frame, ImageError):
        return ()
    if reference is None:
        return frame.notes
    if isinstance(other := reference.frame.result(), ImageError):
        return ()
    notes = [*frame.notes, *(f"reference: {note}" for note in other.notes)]
    if frame.shape != other.shape:
        what = "sizes differ" if same_shape(frame.shape, other.shape) else SHAPES_DIFFER
        notes.append(f"{what}: {_by(frame)}, reference {_by(other)}")
    return tuple(notes)


def _by(frame: Frame) -> str:
    height, width = frame.shape
    return f"{width}×{height}"
