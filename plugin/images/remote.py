"""Images that are not on this machine, through fsspec: buckets and web servers.

Only text that begins with a protocol is remote; a path never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ..errors import UsageError
from .listing import is_image

MAX_BYTES: Final = 1 << 30
"""Limit on the size of a remote file."""

EXTRA: Final = "pip install 'fiftyone-deepmse[remote]'"

_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.]*://", re.IGNORECASE)
_PATTERN: Final = re.compile(r"[*?\[]")


def is_remote(name: object) -> bool:
    """Whether a name is that of something remote: text such as ``s3://bucket/a.png``."""
    return isinstance(name, str) and _REMOTE.match(name) is not None


def read_remote(url: str) -> bytes:
    """Content of a remote file.

    Raises:
        OSError: if it cannot be read or is over ``MAX_BYTES``; FileNotFoundError if there is none
        UsageError: if a package for its protocol is not installed
    """
    with _opened(url) as (files, path):
        # Opened as a file, a web server that cannot be reached would be a file that is not there.
        content: bytes = files.cat_file(path, start=0, end=MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"over the limit of {MAX_BYTES:,} bytes")
    return content


def remote_images(url: str) -> list[tuple[str, PurePosixPath]]:
    """The images that a remote name stands for: itself, all below a folder, or those that fit a pattern.

    Returns:
        of each its name, and its path below the folder that was named; the file's name of any other

    Raises:
        UsageError: if there is none, it cannot be listed, or a package for its protocol is not installed
    """
    if is_image(Path(url)) and not _PATTERN.search(url):
        return [(url, PurePosixPath(PurePosixPath(url).name))]
    try:
        with _opened(url) as (files, path):
            matches = sorted(files.glob(path) if _PATTERN.search(path) else files.find(path))
            names = [str(files.unstrip_protocol(match)) for match in matches]
            start = "" if _PATTERN.search(path) else str(files.unstrip_protocol(path)).rstrip("/")
    except OSError as error:
        raise UsageError(f"{url}: cannot be listed ({error})") from error
    images = [name for name in names if is_image(Path(name))]
    if not images:
        raise UsageError(f"{url}: no image there; names of images end in .jpg, .png and the like")
    return [
        (name, PurePosixPath(name.removeprefix(start).lstrip("/") if start else PurePosixPath(name).name))
        for name in images
    ]


@contextmanager
def _opened(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of a remote name, and its path there; whatever goes wrong is an OSError."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(f"{url}: is not on this machine; to read it: {EXTRA}; or copy it here") from None
    try:
        files, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        # fsspec names the package of the protocol, or says that there is no such protocol.
        raise UsageError(f"{url}: cannot be reached ({error})") from error
    try:
        yield files, path
    except (OSError, UsageError):
        raise
    except Exception as error:
        # Each protocol's package has errors of its own.
        raise OSError(f"{type(error).__name__}: {error}") from error
