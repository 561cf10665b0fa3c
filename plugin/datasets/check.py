"""The dataset doctor: whether a copy of a dataset is as published, and what it does to results where it is not."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ..images import images_in
from . import dataset_info, load, pictures
from .findings import Finding, Report, Severity, below, kind_text, n_references, paths_of, relative
from .layout import missing_note
from .records import DatasetInfo, QualityDataset


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
    images = pictures.read_all(paths_of(dataset.records), progress)
    findings = [
        *_missing(dataset, root),
        *_counts(dataset, info),
        *_references(dataset, info),
        *_repeated(dataset, root),
        *_targets(dataset, info, root),
        *pictures.findings(dataset, images, info, root),
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
        n_references=n_references(dataset.records),
        sizes=dict(Counter(image.size for image in images.values() if image.size).most_common()),
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
    )


def _facts(dataset: QualityDataset) -> Iterator[Finding]:
    n_missing = len(dataset.missing)
    counted = missing_note(n_missing, len(dataset.records) + n_missing)
    # What is missing is a finding of its own.
    yield from (Finding("fact", "note", 0, note) for note in dataset.notes if note != counted)


def _missing(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    paths = [path for path in paths_of(dataset.missing) if not path.is_file()]
    if paths:
        yield Finding(
            "missing",
            "error",
            len(paths),
            f"{len(paths)} images are not there, with which {len(dataset.missing)} of "
            f"{len(dataset.records) + len(dataset.missing)} records are left out",
            "Results are for fewer images than published results.",
            relative(paths, root),
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
            details=tuple(f"{kind_text(kind)}: {here} instead of {there}" for kind, (here, there) in wrong.items()),
        )


def _references(dataset: QualityDataset, info: DatasetInfo) -> Iterator[Finding]:
    count = n_references(dataset.records + dataset.missing)
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
            relative(paths, root),
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
            relative((record.dist for record in wrong), root),
            tuple(f"{record.dist.name}: {record.target:g}" for record in wrong),
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
        relative(dataset.left_out, root),
    )


def _extra(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    known = {*paths_of(dataset.records), *paths_of(dataset.missing), *dataset.left_out}
    folders = sorted({path.parent for path in paths_of(dataset.records)})
    extra = [path for folder in folders for path in images_in(folder).images if path not in known]
    if extra:
        yield Finding(
            "extra",
            "note",
            len(extra),
            f"{len(extra)} images lie among the dataset's without a score",
            "None here; programs that go by the folder would use them.",
            relative(extra, root),
        )


def _renamed(dataset: QualityDataset, root: Path) -> Iterator[Finding]:
    if dataset.renamed:
        yield Finding(
            "case",
            "note",
            len(dataset.renamed),
            f"{len(dataset.renamed)} names differ from their files in case",
            "None here; programs that take names as they are do not find the files.",
            relative(dataset.renamed.values(), root),
            tuple(f"{name} is {below(path, root)}" for name, path in dataset.renamed.items()),
        )
