"""What the dataset doctor says, and how it words files, sizes and kinds."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from .records import Record

Severity = Literal["error", "warning", "note"]

EXAMPLES: Final = 5


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        kind: of finding, in a word or two, e.g. "missing"
        severity: an "error" spoils results, a "warning" may; a "note" is how the dataset is, or does no harm here
        count: how many images or files it is true of; 0 for a note on the dataset as a whole
        message: what was found
        effect: of the fault on results
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


def paths_of(records: Iterable[Record]) -> list[Path]:
    """The images of the records, each once."""
    return list(dict.fromkeys(path for record in records for path in (record.dist, record.ref) if path))


def n_references(records: Iterable[Record]) -> int:
    """How many references the records have."""
    return len({record.ref for record in records} - {None})


def relative(paths: Iterable[Path], root: Path) -> tuple[str, ...]:
    """The paths from the dataset's folder."""
    return tuple(below(path, root) for path in paths)


def below(path: Path, root: Path) -> str:
    """The path from the dataset's folder, where it is in there."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def size_text(size: tuple[int, int]) -> str:
    """Width and height in print."""
    return f"{size[0]}×{size[1]}"


def kind_text(kind: tuple[str | None, int | None]) -> str:
    """A distortion and its level in print."""
    distortion, level = kind
    return (distortion or "photographs") + ("" if level is None else f", level {level}")
