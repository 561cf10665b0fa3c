"""Views of a dataset as (sample, distorted image, reference) triples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import fiftyone as fo
import fiftyone.core.media as fom
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from .config import dataset_dir
from .fields import REF_FIELD
from .samples import check_whole, underlying
from .streams import stream

REFERENCE_SLICE = "reference"
DISTORTED_SLICE = "distorted"


class Row(NamedTuple):
    """What is read of one sample.

    Args:
        key: the sample's id
        dist: path of its image
        ref: path of the image's reference
        others: values of what other fields were asked for
    """

    key: str
    dist: str
    ref: str | None
    others: tuple[Any, ...]


@dataclass(frozen=True)
class PairSource:
    """Where a view's pairs are.

    In a flat dataset every sample is a distorted image and ``ref_field`` holds its reference's path. In a
    grouped dataset each group holds both images, in two slices.

    Args:
        ref_field: field with the reference's path
        ref_slice: slice with the references
        dist_slice: slice with the distorted images
    """

    ref_field: str = REF_FIELD
    ref_slice: str = REFERENCE_SLICE
    dist_slice: str = DISTORTED_SLICE

    def check(self, samples: SampleCollection) -> None:
        """Check that ``samples`` can be read this way.

        Raises:
            UsageError: not images, no such field or slice
        """
        dataset = samples._root_dataset
        if is_grouped(samples):
            _check_images(samples, self.ref_slice, self.dist_slice)
            if self.ref_slice == self.dist_slice:
                raise UsageError("references and distorted images cannot be in the same slice")
            return
        _check_images(samples)
        if not isinstance(dataset.get_field(self.ref_field), fo.StringField):
            raise UsageError(f"{dataset.name} has no text field {self.ref_field!r} with the references' paths")

    def describe(self, samples: SampleCollection) -> dict[str, str]:
        """What is read, for run records."""
        if is_grouped(samples):
            return {"ref_slice": self.ref_slice, "dist_slice": self.dist_slice}
        return {"ref_field": self.ref_field}

    def scored(self, samples: SampleCollection) -> SampleCollection:
        """The samples of the distorted images; of a grouped view those of every group that it touches."""
        samples = underlying(samples)
        if not is_grouped(samples):
            return samples
        return _groups(samples).select_group_slices(self.dist_slice)

    def read(self, samples: SampleCollection, fields: Sequence[str] = ()) -> Iterator[Row]:
        """Read a view in its order, a sample at a time.

        Args:
            samples: dataset or view
            fields: what else to read of each sample
        """
        samples = underlying(samples)
        if is_grouped(samples):
            yield from self._read_groups(samples, fields)
            return
        resolve = _PathResolver(dataset_dir(samples._root_dataset))
        for sample_id, path, reference, *others in stream(samples, ["filepath", self.ref_field, *fields]):
            yield Row(sample_id, path, resolve(reference, path) if reference else None, tuple(others))

    def _read_groups(self, samples: SampleCollection, fields: Sequence[str]) -> Iterator[Row]:
        """As :meth:`read`; the paths of all references are in memory meanwhile."""
        groups = _groups(samples)
        group = samples._root_dataset.group_field
        of_references = stream(groups.select_group_slices(self.ref_slice), [group, "filepath"])
        references = {element["_id"]: path for _, element, path in of_references}
        distorted = stream(groups.select_group_slices(self.dist_slice), ["filepath", group, *fields])
        for sample_id, path, element, *others in distorted:
            yield Row(sample_id, path, references.get(element["_id"]), tuple(others))


@dataclass(frozen=True)
class ImageSource:
    """Where a view's images are, each by itself.

    Args:
        slice_name: slice to read, of a grouped dataset; None reads all of its images
    """

    slice_name: str | None = None

    def check(self, samples: SampleCollection) -> None:
        """Check that ``samples`` can be read this way.

        Raises:
            UsageError: not images, no such slice
        """
        grouped = is_grouped(samples)
        _check_images(samples, *([self.slice_name] if grouped and self.slice_name else []))
        if grouped and not self._slices(samples):
            raise UsageError(f"no slice of {samples._root_dataset.name} holds images")

    def describe(self, samples: SampleCollection) -> dict[str, str]:
        """What is read, for run records."""
        return {"slices": ", ".join(self._slices(samples))} if is_grouped(samples) else {}

    def scored(self, samples: SampleCollection) -> SampleCollection:
        """The samples that are scored; of a grouped view those of every group it touches."""
        samples = underlying(samples)
        if not is_grouped(samples):
            return samples
        return _groups(samples).select_group_slices(self._slices(samples))

    def read(self, samples: SampleCollection, fields: Sequence[str] = ()) -> Iterator[Row]:
        """Read a view in its order, a sample at a time.

        Args:
            samples: dataset or view
            fields: what else to read of each sample
        """
        for sample_id, path, *others in stream(self.scored(samples), ["filepath", *fields]):
            yield Row(sample_id, path, None, tuple(others))

    def _slices(self, samples: SampleCollection) -> list[str]:
        media = samples._root_dataset.group_media_types
        return [name for name in media if media[name] == fom.IMAGE and self.slice_name in (None, name)]


Source = PairSource | ImageSource


def is_grouped(samples: SampleCollection) -> bool:
    """Whether the dataset behind ``samples`` is grouped, even if the view has been flattened."""
    return bool(samples._root_dataset.media_type == fom.GROUP)


def _check_images(samples: SampleCollection, *slices: str) -> None:
    """Check that ``samples`` are whole images, and of grouped ones that the slices are there and hold images."""
    dataset = samples._root_dataset
    check_whole(samples)
    for name in slices:
        media = dataset.group_media_types.get(name)
        if media is None:
            raise UsageError(f"no slice {name!r} in {dataset.name}; there are {', '.join(dataset.group_slices)}")
        if media != fom.IMAGE:
            raise UsageError(f"slice {name!r} of {dataset.name} holds {media}, not images")
    # The dataset's own: that of a view that groups its samples dynamically is "group".
    if not is_grouped(samples) and dataset.media_type not in (fom.IMAGE, None):
        raise UsageError(f"{dataset.name} holds {dataset.media_type}, not images")


def _groups(samples: SampleCollection) -> Any:
    """All slices of the groups that ``samples`` has any sample of."""
    dataset = samples._root_dataset
    if samples.view() == dataset.view():
        return dataset
    return dataset.select_groups(samples.values(f"{dataset.group_field}.id"))


class _PathResolver:
    """Resolves relative reference paths: beside the distorted image, else in the dataset's media folder."""

    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir

    def __call__(self, reference: str, distorted: str) -> str:
        path = Path(reference)
        if path.is_absolute():
            return reference
        beside = Path(distorted).parent / path
        in_media_dir = self._media_dir / path
        return str(in_media_dir if in_media_dir.exists() and not beside.exists() else beside)
