"""The dataset doctor: whether a copy of a dataset is as published, and what it does to results where it is not."""

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ..errors import ImageError
from ..images import decode_scorable, images_in
from . import dataset_info, load
from .layout import missing_note
from .records import DatasetInfo, QualityDataset, Record

Severity = Literal["error", "warning", "note"]

EXAMPLES: Final = 5


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        kind: what it is about, in a word or two, e.g. "missing"
        severity: an "error" spoils results, a "warning" may; a "note" is how the dataset is, or does no harm here
        count: how many images or files it is true of; 0 for a note on the dataset as a whole
        message: what was found
        effect: what it does to results
        files: all of them, from the dataset's folder; empty for what is not true of files
        details: each of them in words, where there is more to say than the file
    """

    kind: str
    severity: Severity
    count: int
    message: str
    effect: str = ""
    files: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def examples(self) -> tuple[str, ...]:
        """Some of them in words, at most ``EXAMPLES``."""
        return (self.details or self.files)[:EXAMPLES]

    def to_dict(self) -> dict[str, Any]:
        """The finding for JSON."""
        return asdict(self) | {"files": list(self.files), "details": list(self.details)}


@dataclass(frozen=True)
class Report:
    """What the doctor says.

    Attributes:
        dataset: the dataset's title
        root: where the copy is
        n_images: records that can be used
        n_references: references that they have
        sizes: number of images of each width and height, the commonest first
        findings: errors first, notes last
    """

    dataset: str
    root: Path
    n_images: int
    n_references: int
    sizes: Mapping[tuple[int, int], int]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing but notes."""
        return all(finding.severity == "note" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "dataset": self.dataset,
            "root": str(self.root),
            "clean": self.clean,
            "n_images": self.n_images,
            "n_references": self.n_references,
            "sizes": {f"{width}x{height}": count for (width, height), count in self.sizes.items()},
            "findings": [finding.to_dict() for finding in self.findings],
        }


def check(name: str, root: str | Path, *, progress: Callable[[int, int], None] | None = None) -> Report:
    """Check a copy of a dataset against its publication. Reads every image.

    Args:
        name: one of ``DATASETS``
        root: as for ``load``
        progress: called with the number of images read and in all

    Raises:
        UsageError: the dataset cannot be loaded at all
    """
    dataset = load(name, root)
    return examine(dataset, dataset_info(name), dataset.root or Path(root), progress=progress)


def examine(
    dataset: QualityDataset,
    info: DatasetInfo,
    root: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check a loaded dataset against what is known of it.

    Args:
        dataset: the dataset
        info: what its publication says
        root: where it was loaded from
        progress: called with the number of images read and in all
    """
    images = _read_all(_paths(dataset.records), progress)
    findings = [
        *_missing(dataset, root),
        *_counts(dataset, info),
        *_references(dataset, info),
        *_repeated(dataset, root),
        *_targets(dataset, info, root),
        *_unreadable(images, root),
        *_pair_sizes(dataset, images, root),
        *_sizes(images, info, root),
        *_depths(images, root),
        *_duplicates(dataset, images, root),
        *_left_out(dataset, info, root),
        *_extra(dataset, root),
        *_renamed(dataset, root),
        *_facts(dataset),
    ]
    order: tuple[Severity, ...] = ("error", "warning", "note")
    return Report(
        dataset=info.title,
        root=root,
        n_images=len(dataset.records),
        n_references=_n_references(dataset.records),
        sizes=dict(Counter(image.size for image in images.values() if image.size).most_common()),
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
    )


@dataclass(frozen=True)
class _Pixels:
    """What scoring would see of an image: its size and a hash of its pixels, or why it would be refused."""

    size: tuple[int, int] | None = None
    deep: bool = False
    digest: bytes = b""
    error: str = ""


def _read_all(paths: list[Path], progress: Callable[[int, int], None] | None) -> dict[Path, _Pixels]:
    images = {}
    # Threads suffice: Pillow's decoders and the hash let go of the interpreter's lock.
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        for done, (path, image) in enumerate(zip(paths, pool.map(_read, paths), strict=True), start=1):
            images[path] = image
            if progress:
                progress(done, len(paths))
    finally:
        pool.shutdown(cancel_futures=True)
    return images


def _read(path: Path) -> _Pixels:
    try:
        decoded = decode_scorable(path)
    except ImageError as error:
        return _Pixels(error=error.reason)
    deep = any(int(bits) > 8 for note in decoded.notes for bits in re.findall(r"^(\d+)-bit", note))
    digest = hashlib.blake2b(decoded.image.tobytes(), digest_size=16).digest()
    return _Pixels(size=decoded.image.size, deep=deep, digest=digest)


def _facts(dataset: QualityDataset) -> Iterator[Finding]:
    n_missing = len(dataset.missing)
    counted = missing_note(n_missing, len(dataset.records) + n_missing)
    # What is missing is a finding of its own.
    yield from (Finding("fact", "note", 0, note) for note in dataset.notes if note != counted)


def _missing(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    paths = [path for path in _paths(dataset.missing) if not path.is_file()]
    if paths:
        yield Finding(
            "missing",
            "error",
            len(paths),
            f"{len(paths)} images are not there, with which {len(dataset.missing)} of "
            f"{len(dataset.records) + len(dataset.missing)} records are left out",
            "Results are for fewer images than published results.",
            _relative(paths, root),
        )


def _counts(dataset: QualityDataset, info: DatasetInfo) -> Iterator[Finding]:
    if not info.counts:
        return
    every = dataset.records + dataset.missing
    found = Counter((record.distortion, record.level) for record in every)
    kinds = dict.fromkeys([*info.counts, *found])
    wrong = {
        kind: (found[kind], info.counts.get(kind, 0)) for kind in kinds if found[kind] != info.counts.get(kind, 0)
    }
    if wrong:
        yield Finding(
            "counts",
            "error",
            sum(abs(here - there) for here, there in wrong.values()),
            f"there are scores of other images than published: {len(every):,} in all, published {info.n_images:,}",
            "Results are not comparable with published results.",
            details=tuple(f"{_kind(kind)}: {here} instead of {there}" for kind, (here, there) in wrong.items()),
        )


def _references(dataset: QualityDataset, info: DatasetInfo) -> Iterator[Finding]:
    count = _n_references(dataset.records + dataset.missing)
    if info.counts and count != info.n_references:
        yield Finding(
            "references",
            "error",
            abs(count - info.n_references),
            f"the images are of {count} references, those published of {info.n_references}",
            "Results are not comparable with published results.",
        )


def _repeated(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    rows = Counter(record.dist for record in dataset.records)
    paths = [path for path, count in rows.items() if count > 1]
    if paths:
        yield Finding(
            "repeated",
            "error",
            len(paths),
            f"{len(paths)} images have more than one score",
            "They count more than once in a table, and cannot be loaded into FiftyOne.",
            _relative(paths, root),
        )


def _targets(dataset: QualityDataset, info: DatasetInfo, root: Path) -> Iterator[Finding]:
    if info.target_range is None:
        return
    low, high = info.target_range[0] - info.overshoot, info.target_range[1] + info.overshoot
    wrong = [record for record in dataset.records if record.target is not None and not low <= record.target <= high]
    if wrong:
        yield Finding(
            "range",
            "error",
            len(wrong),
            f"{len(wrong)} scores lie outside {low:g} to {high:g}",
            "The scores are damaged or on another scale: correlations and RMSE are those of something else.",
            _relative((record.dist for record in wrong), root),
            tuple(f"{record.dist.name}: {record.target:g}" for record in wrong),
        )


def _unreadable(images: Mapping[Path, _Pixels], root: Path) -> Iterator[Finding]:
    broken = {path: image.error for path, image in images.items() if image.error}
    if broken:
        yield Finding(
            "unreadable",
            "error",
            len(broken),
            f"{len(broken)} images cannot be scored",
            "They get no score from any metric: results are for fewer images than published results.",
            _relative(broken, root),
            tuple(f"{_below(path, root)}: {error}" for path, error in broken.items()),
        )


def _pair_sizes(dataset: QualityDataset, images: Mapping[Path, _Pixels], root: Path) -> Iterator[Finding]:
    wrong = {
        record.dist: f"{_below(record.dist, root)}: {_size(dist)}, reference {_size(ref)}"
        for record in dataset.records
        if record.ref
        for dist, ref in [(images[record.dist].size, images[record.ref].size)]
        if dist and ref and dist != ref
    }
    if wrong:
        yield Finding(
            "pair size",
            "error",
            len(wrong),
            f"{len(wrong)} images have another size than their reference",
            "Metrics that compare pixel by pixel fail; those that resize first compare what was resized apart.",
            _relative(wrong, root),
            tuple(wrong.values()),
        )


def _sizes(images: Mapping[Path, _Pixels], info: DatasetInfo, root: Path) -> Iterator[Finding]:
    if not info.sizes:
        return
    wrong = {path: image.size for path, image in images.items() if image.size and image.size not in info.sizes}
    if wrong:
        yield Finding(
            "size",
            "warning",
            len(wrong),
            f"{len(wrong)} images are not of the published size, {' or '.join(map(_size, info.sizes))}",
            "Resized images have other scores: opinions and published results are of the published size.",
            _relative(wrong, root),
            tuple(f"{_below(path, root)}: {_size(size)}" for path, size in wrong.items()),
        )


def _depths(images: Mapping[Path, _Pixels], root: Path) -> Iterator[Finding]:
    deep = [path for path, image in images.items() if image.deep]
    if deep:
        yield Finding(
            "depth",
            "warning",
            len(deep),
            f"{len(deep)} images have more than 8 bits a channel",
            "Their scores depend on how a program reduces them to 8 bits.",
            _relative(deep, root),
        )


def _duplicates(dataset: QualityDataset, images: Mapping[Path, _Pixels], root: Path) -> Iterator[Finding]:
    same = defaultdict(list)
    for path, image in images.items():
        if not image.error:
            same[image.size, image.digest].append(path)
    groups = [sorted(paths) for paths in same.values() if len(paths) > 1]
    if groups:
        scores = {record.dist: f" ({record.target:g})" for record in dataset.records if record.target is not None}
        yield Finding(
            "duplicate",
            "warning",
            sum(len(paths) - 1 for paths in groups),
            f"{sum(map(len, groups))} images show only {len(groups)} different pictures, to the pixel",
            "No metric can tell them apart, whatever their scores. They count more than once, leak where they are on "
            "both sides of a split, and raise correlations where they equal their reference.",
            _relative((path for paths in groups for path in paths), root),
            tuple(" = ".join(_below(path, root) + scores.get(path, "") for path in paths) for paths in groups),
        )


def _left_out(dataset: QualityDataset, info: DatasetInfo, root: Path) -> Iterator[Finding]:
    count = len(dataset.left_out)
    if count == info.n_left_out == 0:
        return
    as_published = count == info.n_left_out
    yield Finding(
        "left out",
        "note" if as_published else "warning",
        count,
        f"{count} images with scores are left out" + ("" if as_published else f", published {info.n_left_out}"),
        "" if as_published else "Results are for other images than published results.",
        _relative(dataset.left_out, root),
    )


def _extra(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    known = {*_paths(dataset.records), *_paths(dataset.missing), *dataset.left_out}
    folders = sorted({path.parent for path in _paths(dataset.records)})
    extra = [path for folder in folders for path in images_in(folder).images if path not in known]
    if extra:
        yield Finding(
            "extra",
            "note",
            len(extra),
            f"{len(extra)} images lie among the dataset's without a score",
            "None here; programs that go by the folder would use them.",
            _relative(extra, root),
        )


def _renamed(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    if dataset.renamed:
        yield Finding(
            "case",
            "note",
            len(dataset.renamed),
            f"{len(dataset.renamed)} names differ from their files in case",
            "None here; programs that take names as they are do not find the files.",
            _relative(dataset.renamed.values(), root),
            tuple(f"{name} is {_below(path, root)}" for name, path in dataset.renamed.items()),
        )


def _paths(records: Iterable[Record]) -> list[Path]:
    """The images of the records, each once."""
    return list(dict.fromkeys(path for record in records for path in (record.dist, record.ref) if path))


def _n_references(records: Iterable[Record]) -> int:
    return len({record.ref for record in records} - {None})


def _relative(paths: Iterable[Path], root: Path) -> tuple[str, ...]:
    return tuple(_below(path, root) for path in paths)


def _below(path: Path, root: Path) -> str:
    """The path from the dataset's folder, where it is in there."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def _kind(kind: tuple[str | None, int | None]) -> str:
    distortion, level = kind
    return (distortion or "photographs") + ("" if level is None else f", level {level}")
