"""What the dataset doctor finds in the images themselves."""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError
from ..images import decode_scorable
from .findings import Finding, below, relative, size_text
from .records import DatasetInfo, QualityDataset


@dataclass(frozen=True)
class Pixels:
    """What scoring would see of an image: its size and a hash of its pixels, or why it would be refused."""

    size: tuple[int, int] | None = None
    deep: bool = False
    digest: bytes = b""
    error: str = ""


def read_all(paths: list[Path], progress: Callable[[int, int], None] | None) -> dict[Path, Pixels]:
    """Read images, telling how many are read and of how many."""
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


def _read(path: Path) -> Pixels:
    try:
        decoded = decode_scorable(path)
    except ImageError as error:
        return Pixels(error=error.reason)
    deep = any(int(bits) > 8 for note in decoded.notes for bits in re.findall(r"^(\d+)-bit", note))
    digest = hashlib.blake2b(decoded.image.tobytes(), digest_size=16).digest()
    return Pixels(size=decoded.image.size, deep=deep, digest=digest)


def findings(
    dataset: QualityDataset, images: Mapping[Path, Pixels], info: DatasetInfo, root: Path
) -> Iterator[Finding]:
    """All that is found in the images.

    Args:
        dataset: the dataset
        images: all its images, as :func:`read_all` read them
        info: what its publication says
        root: its folder
    """
    yield from _unreadable(images, root)
    yield from _pair_sizes(dataset, images, root)
    yield from _sizes(images, info, root)
    yield from _depths(images, root)
    yield from _duplicates(dataset, images, root)


def _unreadable(images: Mapping[Path, Pixels], root: Path) -> Iterator[Finding]:
    broken = {path: image.error for path, image in images.items() if image.error}
    if broken:
        yield Finding(
            "unreadable",
            "error",
            len(broken),
            f"{len(broken)} images cannot be scored",
            "They get no score from any metric: results are for fewer images than published results.",
            relative(broken, root),
            tuple(f"{below(path, root)}: {error}" for path, error in broken.items()),
        )


def _pair_sizes(dataset: QualityDataset, images: Mapping[Path, Pixels], root: Path) -> Iterator[Finding]:
    wrong = {
        record.dist: f"{below(record.dist, root)}: {size_text(dist)}, reference {size_text(ref)}"
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
            relative(wrong, root),
            tuple(wrong.values()),
        )


def _sizes(images: Mapping[Path, Pixels], info: DatasetInfo, root: Path) -> Iterator[Finding]:
    if not info.sizes:
        return
    wrong = {path: image.size for path, image in images.items() if image.size and image.size not in info.sizes}
    if wrong:
        yield Finding(
            "size",
            "warning",
            len(wrong),
            f"{len(wrong)} images are not of the published size, {' or '.join(map(size_text, info.sizes))}",
            "Resized images have other scores: opinions and published results are of the published size.",
            relative(wrong, root),
            tuple(f"{below(path, root)}: {size_text(size)}" for path, size in wrong.items()),
        )


def _depths(images: Mapping[Path, Pixels], root: Path) -> Iterator[Finding]:
    deep = [path for path, image in images.items() if image.deep]
    if deep:
        yield Finding(
            "depth",
            "warning",
            len(deep),
            f"{len(deep)} images have more than 8 bits a channel",
            "Their scores depend on how a program reduces them to 8 bits.",
            relative(deep, root),
        )


def _duplicates(dataset: QualityDataset, images: Mapping[Path, Pixels], root: Path) -> Iterator[Finding]:
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
            relative((path for paths in groups for path in paths), root),
            tuple(" = ".join(below(path, root) + scores.get(path, "") for path in paths) for paths in groups),
        )
