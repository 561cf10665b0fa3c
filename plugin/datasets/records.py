"""What every dataset becomes: one record a distorted image, and what its scores mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """One image to be judged.

    Attributes:
        dist: the distorted image
        ref: the undistorted original; None where there is none
        distortion: type of distortion, in words; None where it is not known, as for authentic photographs
        level: strength of the distortion, 1 is the weakest; None where the dataset does not say
        target: the value that metrics are compared with, in the dataset's own scale
        target_std: standard deviation of the opinions behind it, in the same scale
        category: what kind of distortion it is, one of ``vocabulary.CATEGORIES``
        split: the part of the authors' own split that the image is in
    """

    dist: Path
    ref: Path | None = None
    distortion: str | None = None
    level: int | None = None
    target: float | None = None
    target_std: float | None = None
    category: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset before any file is read.

    Attributes:
        name: as in ``DATASETS``
        title: as its authors call it
        layout: the files that make it up, as its authors ship them
        target_field: what the target is called, e.g. "mos"
        target_lower_is_better: the target's direction
        target_range: lowest and highest value of the target's scale; None where it is not known
        target_kind: what the target is, e.g. "MOS", "DMOS" or "Elo rating"
        citation: what to cite
        licence: its authors' terms, in short
        counts: images of each (distortion, level) in the publication; empty where there is none to compare with
        n_references: reference images in the publication
        n_left_out: images that the publication has, with scores, and that are no records
        sizes: widths and heights, in pixels, that the published images have; empty where they vary
        overshoot: how far published targets lie outside ``target_range``
        notes: what a user of it should know
    """

    name: str
    title: str
    layout: str
    target_field: str
    target_lower_is_better: bool
    target_range: tuple[float, float] | None
    target_kind: str
    citation: str = ""
    licence: str = ""
    counts: Mapping[tuple[str | None, int | None], int] = field(default_factory=dict)
    n_references: int = 0
    n_left_out: int = 0
    sizes: tuple[tuple[int, int], ...] = ()
    overshoot: float = 0
    notes: tuple[str, ...] = ()

    @property
    def n_images(self) -> int:
        """Distorted images in the publication."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class QualityDataset:
    """A table of records, and what its target means.

    Attributes:
        name: the dataset's name
        records: one a distorted image
        target_field: what the target is called, e.g. "mos"
        target_lower_is_better: the target's direction
        target_range: lowest and highest value of the target's scale; None where it is not known
        target_kind: what the target is, in words
        source: where it comes from, in a few words
        notes: what a user of it should know
        licence: its authors' terms, in short
        citation: what to cite
        loader: what read or made it: the name of a published dataset, as in ``DATASETS``, or "synthetic"
        root: the folder that its images are in or below; None where there is none
        missing: records of which an image is not there
        left_out: images that the dataset scores and that are no records, on purpose
        renamed: files whose names differ in case from what the dataset calls them, by that name
    """

    name: str
    records: tuple[Record, ...]
    target_field: str
    target_lower_is_better: bool
    target_range: tuple[float, float] | None
    target_kind: str
    source: str
    notes: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    loader: str = ""
    root: Path | None = None
    missing: tuple[Record, ...] = ()
    left_out: tuple[Path, ...] = ()
    renamed: Mapping[str, Path] = field(default_factory=dict)
