"""Which reference an image was made from, by the names of the files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final

from ..errors import UsageError

RULE: Final = (
    "the reference of the same path below its folder, suffix apart; else the one of the same name; else the one with "
    'whose name the image\'s begins, before one of "_", "-", "." or a space, the longest of them. Letter case does '
    "not count."
)
"""How :func:`pair` finds a reference."""

_SEPARATOR: Final = re.compile(r"[-_. ]")


def pair(names: Sequence[PurePath], references: Sequence[Path], folder: Path) -> list[Path | None]:
    """The reference of each image by :data:`RULE`; None where there is none.

    Args:
        names: the images' paths below the folder that they come from
        references: candidates
        folder: the folder that they come from

    Raises:
        UsageError: if two references fit an image equally well
    """
    by_path = _grouped(references, [_without_suffix(path.relative_to(folder)) for path in references])
    by_name = _grouped(references, [path.stem.casefold() for path in references])

    def find(name: PurePath) -> Path | None:
        stem = name.stem.casefold()
        ends = [match.start() for match in _SEPARATOR.finditer(stem)]
        beginnings = [stem, *(stem[:end] for end in reversed(ends))]
        candidates = [by_path.get(_without_suffix(name)), *(by_name.get(beginning) for beginning in beginnings)]
        found = next((some for some in candidates if some), None)
        if found is None:
            return None
        if len(found) > 1:
            raise UsageError(
                f"{name}: {found[0]} and {found[1]} fit it equally well; keep one, or list the pairs in a table"
            )
        return found[0]

    return [find(name) for name in names]


def _without_suffix(path: PurePath) -> str:
    return path.with_suffix("").as_posix().casefold()


def _grouped(paths: Sequence[Path], keys: Sequence[str]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = defaultdict(list)
    for key, path in zip(keys, paths, strict=True):
        groups[key].append(path)
    return groups
