"""Downloads of files whose digest is known."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib import request

from .reading import sha256

TIMEOUT_S: Final = 15


def download(url: str, path: Path, digest: str) -> None:
    """Download a file, and keep it only if it is the wanted one.

    Args:
        url: where it is
        path: where to put it
        digest: first digits of its SHA-256 in hexadecimal

    Raises:
        OSError: if it cannot be had or written, or is another file
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with request.urlopen(url, timeout=TIMEOUT_S) as response, part.open("wb") as file:  # noqa: S310 (https, ours)
            while block := response.read(1 << 20):
                file.write(block)
        if not sha256(part).startswith(digest):
            raise OSError("what it sends is not the file")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
