"""Files that are read only if they are regular ones, and written whole, by one process at a time."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError, UsageError


def kind_of_file(mode: int) -> str | None:
    """What a file is if not a regular one, in words, by its ``st_mode``."""
    if stat.S_ISREG(mode):
        return None
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((words for is_kind, words in kinds if is_kind(mode)), "a device")


def read_bytes(path: Path) -> bytes:
    """Content of a regular file.

    Raises:
        UsageError: if there is none, it is something else, or it cannot be read
    """
    try:
        if kind := kind_of_file(path.stat().st_mode):
            raise UsageError(f"{path}: cannot be read, it is {kind}")
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or, if that fails, as it was before; its folder is made.

    Raises:
        OutputError: if it cannot be written
    """
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file to write in another's place: it takes the place once it is whole, else all is as it was before.

    Raises:
        OutputError: if it cannot be written
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield unfinished
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def resumable(path: Path, error: OSError) -> OutputError:
    """The error for a file that grows and cannot be written any further."""
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); what is there is kept: make room, and go on with "
        "--resume"
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing a file: none of them can lock it until this one has ended, however it ends.

    Args:
        path: the file, which need not exist; ``.NAME.lock`` stands beside it meanwhile

    Raises:
        UsageError: if another process writes it, or its folder cannot be written to
    """
    from filelock import FileLock, Timeout

    name = path.with_name(f".{path.name}.lock")
    lock = FileLock(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        if not name.exists():  # A folder that takes no files says so by none being there.
            raise UsageError(f"{path}: cannot be written (no file can be made in {path.parent})") from None
        holder = _holder(name)
        raise UsageError(f"{path}: is being written by {holder}; let it end, or write to another file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        about = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        name.write_text(json.dumps(about))
        yield
    finally:
        # Before the lock is given back, so that nobody else's is removed.
        name.unlink(missing_ok=True)
        lock.release()


def _holder(lock: Path) -> str:
    try:
        about = json.loads(lock.read_text())
        return f"process {about['pid']} on {about['host']} since {about['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
