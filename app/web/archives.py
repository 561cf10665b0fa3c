"""Zip archives of pictures: read without trusting anything that they say of themselves."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from ...plugin.errors import UsageError
from ...plugin.images import Listing, is_image
from .uploads import MAX_FILE_BYTES

TABLES: Final = (".csv", ".tsv")

MAX_BYTES: Final = 256 << 20
MAX_TOTAL_BYTES: Final = 2 << 30
MAX_ENTRIES: Final = 5000


def unpack(
    path: Path, name: str, place: Callable[[str], Path], room: int = MAX_TOTAL_BYTES
) -> tuple[dict[str, Path], Listing]:
    """Unpack the pictures and tables of a zip archive.

    The names in the archive decide no path: each file goes where ``place`` says.

    Args:
        path: the archive
        name: what to call it in errors
        place: makes the path of a new file from its suffix
        room: how many bytes it may hold unpacked

    Returns:
        unpacked files by their names in the archive, and what the archive holds

    Raises:
        UsageError: if it is no zip archive, is damaged or encrypted, or holds more than is allowed
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(members, name, room)
            # Some programs for Windows write backslashes.
            named = {member.filename.replace("\\", "/"): member for member in members}
            listing = _listing(named)
            files = {}
            for path_inside, member in sorted(named.items()):
                if not _is_wanted(path_inside):
                    continue
                target = place(PurePosixPath(path_inside).suffix.lower())
                with archive.open(member) as source, target.open("wb") as copy:
                    # zipfile gives no more of a file than its announced size, which has been checked.
                    shutil.copyfileobj(source, copy)
                files[path_inside] = target
            return files, listing
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UsageError(f"{name}: is no zip archive, or is damaged ({error})") from error
    except (RuntimeError, NotImplementedError) as error:
        # What zipfile raises for passwords, and for features that it does not know.
        raise UsageError(f"{name}: cannot be unpacked ({error}); zip the pictures without a password") from error


def _check(members: list[zipfile.ZipInfo], name: str, room: int) -> None:
    if len(members) > MAX_ENTRIES:
        raise UsageError(f"{name}: holds {len(members):,} files, of at most {MAX_ENTRIES:,}; make several of it")
    total = sum(member.file_size for member in members)
    if total > room:
        raise UsageError(
            f"{name}: holds {total / 2**30:.1f} GB unpacked; all archives together may hold "
            f"{MAX_TOTAL_BYTES / 2**30:g}; leave some pictures for another time"
        )
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UsageError(
                f"{name}: is packed in a way that is not read here; zip it with deflate, as most programs do"
            )
        if member.file_size > MAX_FILE_BYTES:
            raise UsageError(
                f"{name}: “{member.filename}” has {member.file_size / 2**20:.0f} MB, of at most "
                f"{MAX_FILE_BYTES / 2**20:g}; leave it out"
            )


def _is_wanted(name: str) -> bool:
    path = Path(PurePosixPath(name).name)
    return is_image(path) or (path.suffix.lower() in TABLES and not path.name.startswith("."))


def _listing(names: Iterable[str]) -> Listing:
    images, hidden, others = [], 0, Counter[str]()
    for path in map(Path, names):
        suffix = path.suffix.lower()
        if is_image(path):
            images.append(path)
        elif is_image(path.with_name(path.name.lstrip(".") or "_")):
            hidden += 1
        elif suffix not in TABLES:
            others[suffix] += 1
    return Listing(tuple(images), hidden, others)
