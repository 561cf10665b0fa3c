"""Finding a published dataset's files, and saying which are not there."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..errors import UsageError
from ..images import require_utf8
from .files import missing_files, require_folder
from .records import DatasetInfo, QualityDataset, Record
from .vocabulary import category_of


class Tree:
    """The files under a folder, found by path or by the end of one, whatever the case of their names.

    Args:
        root: the folder; files and folders whose names start with a dot, and macOS's leftovers, are passed over
        info: the dataset that it should hold

    Attributes:
        renamed: files that were found under a name of another case, by the name asked for

    Raises:
        UsageError: there is no such folder
    """

    def __init__(self, root: Path, info: DatasetInfo) -> None:
        require_folder(root)
        self.root = root
        self.renamed: dict[str, Path] = {}
        self._info = info
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in _walk(root):
            self._by_name[path.name.lower()].append(path)

    def find(self, name: str) -> Path | None:
        """The file of that name; of several, the one of the same case, then the one nearest the root."""
        wanted = PurePosixPath(name.replace("\\", "/")).parts
        lowered = tuple(part.lower() for part in wanted)
        tail = slice(-len(wanted), None)
        matches = [
            path
            for path in self._by_name.get(lowered[-1], ())
            if len(wanted) == 1 or tuple(part.lower() for part in path.parts[tail]) == lowered
        ]
        if not matches:
            return None
        best = min(matches, key=lambda path: (path.parts[tail] != wanted, len(path.parts), path))
        if best.parts[tail] != wanted:
            self.renamed[name] = best
        return best

    def image(self, name: str) -> Path:
        """The file of that name; where there is none, the path that it would have in the root."""
        return self.find(name) or self.root / name

    def matching(self, pattern: str) -> list[Path]:
        """Files whose names match a regular expression as a whole, whatever the case; sorted."""
        names = (name for name in self._by_name if re.fullmatch(pattern, name, re.IGNORECASE))
        return sorted(path for name in names for path in self._by_name[name])

    def table(self, name: str) -> Path:
        """The one file of scores of that name; UsageError where there is none, or several equally near."""
        found = self.optional_table(name)
        if found is None:
            raise UsageError(f"{self.root}: no {name}; {expected_layout(self._info)}")
        return found

    def optional_table(self, name: str) -> Path | None:
        """The one file of that name, or None; UsageError where several are equally near."""
        found = sorted(self._by_name.get(name.lower(), ()), key=lambda path: (len(path.parts), path))
        if len(found) > 1 and len(found[0].parts) == len(found[1].parts):
            raise UsageError(f"{self.root}: two files {name}: {found[0]} and {found[1]}; name the folder of one")
        return found[0] if found else None


def published(
    info: DatasetInfo,
    root: Path,
    records: Iterable[Record],
    *,
    name: str | None = None,
    notes: tuple[str, ...] = (),
    left_out: Iterable[Path] = (),
    renamed: Mapping[str, Path] | None = None,
) -> QualityDataset:
    """The dataset of those records whose images are there, each with its category.

    Args:
        info: what is known of the dataset
        root: the folder, or the file, that it was read from
        records: all of them
        name: the dataset's name; by default the one in ``info``
        notes: what to say of this copy, besides the notes in ``info``
        left_out: images that the dataset scores and that are no records
        renamed: as in ``QualityDataset``

    Raises:
        UsageError: there are no records, none has its images, or a name is not UTF-8
    """
    every = [replace(record, category=record.category or category_of(record.distortion)) for record in records]
    require_utf8(path for record in every for path in (record.dist, record.ref) if path)
    absent = set(missing_files(every))
    there = [record for record in every if record.dist not in absent and record.ref not in absent]
    missing = [record for record in every if record.dist in absent or record.ref in absent]
    if not there:
        example = f", e.g. {min(absent)}" if absent else ""
        raise UsageError(f"{root}: none of its {len(every)} images is there{example}; {expected_layout(info)}")
    if missing:
        notes = (*notes, missing_note(len(missing), len(every)))
    return QualityDataset(
        name=name or info.name,
        records=tuple(there),
        target_field=info.target_field,
        target_lower_is_better=info.target_lower_is_better,
        target_range=info.target_range,
        target_kind=info.target_kind,
        source=info.title,
        notes=(*info.notes, *notes),
        licence=info.licence,
        citation=info.citation,
        loader=info.name,
        root=root if root.is_dir() else root.parent,
        missing=tuple(missing),
        left_out=tuple(left_out),
        renamed=renamed or {},
    )


def missing_note(n_missing: int, n: int) -> str:
    """How many of a dataset's n images are left out, as one of its notes."""
    return f"{n_missing} of {n} images, or their references, are missing and left out."


def expected_layout(info: DatasetInfo) -> str:
    """How the dataset's files are laid out, as the end of an error message."""
    return f"{info.title} is expected as its authors ship it: {info.layout}"


def _walk(root: Path) -> Iterator[Path]:
    """Files under a folder, through links too, each folder once."""
    seen = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(".") and name != "__MACOSX")
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))
