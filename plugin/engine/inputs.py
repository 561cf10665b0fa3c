"""What people name to be scored: tables, images, folders, patterns and lists of them, as one table."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from ..errors import UsageError
from ..images import NO_IMAGE, images_below, is_image, is_remote, remote_images, require_utf8
from ..tables import SUFFIXES, Table, is_table, read_table
from .pairing import pair

STANDARD_INPUT: Final = "-"
_PATTERN: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Found:
    """An image that somebody named.

    Args:
        path: where it is; text where it is remote
        name: its path below the folder that was named; its file's name where it was named itself
    """

    path: Path | str
    name: PurePath


def read_inputs(
    given: Sequence[str],
    *,
    lines: Iterable[str] = (),
    references: Path | None = None,
    folder: Path | None = None,
    dist: str = "dist",
    ref: str = "ref",
) -> Table:
    """One table of what is to be scored.

    Args:
        given: a table; or any number of images, folders (with all below them) and patterns, here or remote, such as
            ``s3://bucket/photos``; or "-" for a list
        lines: the list, a path a line
        references: a folder in which to find each image's reference, by :data:`~.pairing.RULE`
        folder: where relative paths in the table start if it is made of images; by default the current folder
        dist: the table's column of images
        ref: the table's column of references

    Returns:
        the table. Made of images, it has the columns ``dist`` and, with ``references``, ``ref``: the paths, relative
        to ``folder`` for what is below it. An image without a reference has none in the table.

    Raises:
        UsageError: something is not there or cannot be read, no image is found, or tables and images are mixed
    """
    for text in given:
        if is_remote(text) and is_table(Path(text)):
            raise UsageError(f"{text}: tables are read from this machine; copy it here (paths in it may be remote)")
    if len(given) == 1 and _is_read_as_table(given[0]):
        table = read_table(Path(given[0]))
        if dist not in table.columns and not is_table(table.path):
            raise UsageError(
                f"{table.path}: is no image by its name, and no table with the column {dist!r}; there are "
                f"{', '.join(table.columns)}"
            )
        if references is None:
            return table
        return _with_references(table, references, dist, ref)
    found = _listed(lines) if list(given) == [STANDARD_INPUT] else _named(given)
    if not found:
        raise UsageError(f"{', '.join(given)}: {NO_IMAGE}")
    if references is not None:
        inside = _absolute(references)
        found = [one for one in found if isinstance(one.path, str) or not _absolute(one.path).is_relative_to(inside)]
        if not found:
            raise UsageError(
                f"{', '.join(given)}: all images there are in {references}, and references are not scored; keep the "
                "references in a folder of their own"
            )
    require_utf8(Path(one.path) for one in found)
    start = _absolute(folder or Path())
    rows = [{dist: _below(one.path, start)} for one in found]
    if references is not None:
        partners = pair([one.name for one in found], images_below(references).images, references)
        for row, partner in zip(rows, partners, strict=True):
            row[ref] = "" if partner is None else _below(partner, start)
    return Table(Path(" ".join(given)), tuple(rows[0]), tuple(rows), folder=start)


def _is_read_as_table(text: str) -> bool:
    path = Path(text)
    return (
        text != STANDARD_INPUT
        and not is_remote(text)
        and not path.is_dir()
        and not is_image(path)
        and not _is_pattern(text)
        and (is_table(path) or path.exists())
    )


def _is_pattern(text: str) -> bool:
    return _PATTERN.search(text) is not None and not Path(text).exists()


def _with_references(table: Table, references: Path, dist: str, ref: str) -> Table:
    table.require(dist)
    if ref in table.columns:
        raise UsageError(f"{table.path}: has a column {ref!r} already; leave --refs away, or remove the column")
    names = [PurePath(row[dist].strip()) for row in table.rows]
    partners = pair(names, images_below(references).images, references)
    rows = tuple(
        {**row, ref: "" if partner is None else str(_absolute(partner))}
        for row, partner in zip(table.rows, partners, strict=True)
    )
    return replace(table, columns=(*table.columns, ref), rows=rows)


def _named(given: Sequence[str]) -> list[Found]:
    found = [one for text in given for one in _of_name(text)]
    return list({_whole(one.path): one for one in reversed(found)}.values())[::-1]


def _of_name(text: str) -> Iterator[Found]:
    path = Path(text)
    if is_remote(text):
        yield from (Found(url, name) for url, name in remote_images(text))
    elif path.is_dir():
        yield from (Found(image, image.relative_to(path)) for image in images_below(path).images)
    elif _is_pattern(text):
        root = Path(path.anchor)
        matches = sorted(root.glob(str(path.relative_to(root))))
        yield from (Found(match, PurePath(match.name)) for match in matches if is_image(match) and match.is_file())
    elif text == STANDARD_INPUT:
        raise UsageError(f"{text}: a list on standard input comes alone, without other paths")
    elif is_table(path):
        raise UsageError(f"{path}: is a table, and comes alone; give one table, or images and folders")
    elif not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    elif not is_image(path):
        raise UsageError(f"{path}: is no image by its name; tables end in {', '.join(SUFFIXES)}")
    else:
        yield Found(path, PurePath(path.name))


def _listed(lines: Iterable[str]) -> list[Found]:
    names = [text for line in lines if (text := line.rstrip("\r\n"))]
    return [Found(name if is_remote(name) else Path(name), PurePath(PurePath(name).name)) for name in names]


def _whole(path: Path | str) -> Path | str:
    """What tells a place from others: the path from the root, or the remote name."""
    return path if isinstance(path, str) else _absolute(path)


def _below(path: Path | str, folder: Path) -> str:
    """The path from a folder where it is below it, else from the root; a remote name as it is."""
    whole = _whole(path)
    if isinstance(whole, str):
        return whole
    return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


def _absolute(path: Path) -> Path:
    """The path from the root; links stay, since two links are two images to score."""
    return Path(os.path.normpath(path.absolute()))
