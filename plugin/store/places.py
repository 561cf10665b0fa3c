"""Whole images, boxes and frames of videos, each with a key to write to."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import fiftyone as fo
import fiftyone.core.media as fom
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from .items import ImageSource
from .samples import underlying

if TYPE_CHECKING:
    from ..engine.examining import Subject


class Places(Protocol):
    """Where images are, and where what is found of them goes."""

    @property
    def unit(self) -> str:
        """What they are called in the plural."""

    def subjects(self) -> list[Subject]:
        """The images, those of one file one after the other."""

    def path(self, name: str) -> str:
        """A field's whole name in the dataset."""

    def declare(self, name: str, field: type[fo.Field], description: str, **settings: Any) -> None:
        """Add a field where there is none of this name."""

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write a field's values, by the subjects' keys."""


@dataclass(frozen=True)
class WholeImages:
    """The images of a view, one a sample.

    Args:
        samples: dataset or view
        slice_name: slice to read, of a grouped dataset; None reads all of its images
    """

    samples: SampleCollection
    slice_name: str | None = None
    unit: str = "images"

    def subjects(self) -> list[Subject]:
        """The images."""
        from ..engine.examining import Subject

        source = ImageSource(self.slice_name)
        source.check(self.samples)
        return [Subject(sample_id, path) for sample_id, path, *_ in source.read(self.samples)]

    def path(self, name: str) -> str:
        """The field's own name."""
        return name

    def declare(self, name: str, field: type[fo.Field], description: str, **settings: Any) -> None:
        """Add a field to the samples."""
        self.samples._root_dataset.add_sample_field(name, field, description=description, **settings)

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write to the samples."""
        self.samples._root_dataset.set_values(name, dict(values), key_field="id", expand_schema=False)


class Boxes:
    """The boxes of a field of detections; what is found becomes attributes of the detections.

    Args:
        samples: dataset or view of whole images, or of patches
        field: the field
    """

    unit = "patches"

    def __init__(self, samples: SampleCollection, field: str) -> None:
        self._samples = samples
        self._dataset = samples._root_dataset
        self._field = field
        self._sample_of: dict[str, str] = {}

    def subjects(self) -> list[Subject]:
        """The boxes, by the detections' ids."""
        from ..engine.examining import Subject

        owner = "sample_id" if self._samples._is_patches else "id"
        names = [self._samples._get_label_field_path(self._field, name)[1] for name in ("id", "bounding_box")]
        found = []
        for sample, path, ids, boxes in zip(*self._samples.values([owner, "filepath", *names]), strict=True):
            for label, box in zip(*((ids, boxes) if isinstance(ids, list) else ([ids], [boxes])), strict=True):
                if label is not None:
                    self._sample_of[label] = sample
                    found.append(Subject(label, path, tuple(box)))
        return sorted(found, key=lambda subject: str(subject.path))

    def path(self, name: str) -> str:
        """The attribute of the labels."""
        return str(self._dataset._get_label_field_path(self._field, name)[1])

    def declare(self, name: str, field: type[fo.Field], description: str, **settings: Any) -> None:
        """Add an attribute to the labels."""
        self._dataset.add_sample_field(self.path(name), field, description=description, **settings)

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write to the labels."""
        rows = [
            {"sample_id": self._sample_of[label], "label_id": label, "value": value}
            for label, value in values.items()
        ]
        self._dataset.set_label_values(self.path(name), rows)


class Frames:
    """Frames of videos, so many a second.

    Args:
        samples: dataset or view of videos
        rate: frames a second that are looked at

    Raises:
        UsageError: the frames cannot be taken
    """

    unit = "frames"

    def __init__(self, samples: SampleCollection, rate: float) -> None:
        if rate <= 0:
            raise UsageError(f"the rate is {rate} frames a second; it must be more than 0")
        if shutil.which("ffmpeg") is None:
            raise UsageError("frames of videos are taken by ffmpeg, which is not installed; install it")
        self._samples = samples
        self._frames = samples.to_frames(sample_frames=True, fps=rate)

    def subjects(self) -> list[Subject]:
        """The frames."""
        from ..engine.examining import Subject

        return [Subject(*each) for each in zip(*self._frames.values(["id", "filepath"]), strict=True)]

    def path(self, name: str) -> str:
        """The field of the frames."""
        return f"frames.{name}"

    def declare(self, name: str, field: type[fo.Field], description: str, **settings: Any) -> None:
        """Add a field to the frames."""
        self._samples._root_dataset.add_frame_field(name, field, description=description, **settings)
        self._frames._dataset.add_sample_field(name, field, description=description, **settings)

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write to the frames, and to those of the videos."""
        self._frames.set_values(name, dict(values), key_field="id")


def box_fields(samples: SampleCollection) -> list[str]:
    """Names of the fields of detections, whose boxes can be looked at."""
    schema = samples._root_dataset.get_field_schema(ftype=fo.EmbeddedDocumentField)
    return [name for name, field in schema.items() if field.document_type in (fo.Detections, fo.Detection)]


def places(
    samples: SampleCollection, *, slice_name: str | None = None, patches: str | None = None, rate: float = 1.0
) -> Places:
    """Where a view's images are.

    Args:
        samples: dataset or view; one of patches is of its boxes
        slice_name: of a grouped dataset, the slice to read
        patches: a field of detections to look at in place of whole images
        rate: of videos, frames a second

    Raises:
        UsageError: media that cannot be looked at
    """
    media = samples._root_dataset.media_type
    if patches is not None and patches not in box_fields(samples):
        name = samples._root_dataset.name
        raise UsageError(f"{name}: {patches!r} is no field of detections; name one that is")
    if samples._is_patches:
        return Boxes(samples, patches or samples._label_fields[0])
    if patches is not None:
        return Boxes(underlying(samples), patches)
    if media == fom.VIDEO:
        return Frames(samples, rate)
    if media not in (fom.IMAGE, fom.GROUP, None):
        name = samples._root_dataset.name
        raise UsageError(f"{name} holds {media}; looked at are images, groups with images, patches and videos")
    return WholeImages(samples, slice_name)
