"""Where uploads and what is made of them lie: a folder of the server's own, which is emptied as time goes by."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gradio.utils import get_upload_folder

#: Files older than this are deleted, at the latest this much later.
LIFETIME_S: Final = 3600
SWEEP_S: Final = 600

#: Below this, uploads are refused, so that nobody fills the server's disk.
MIN_FREE_BYTES: Final = 2 << 30


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """A new folder for Gradio's uploads, which other Gradio pages of this machine don't share; deleted at the end."""
    variable = "GRADIO_TEMP_DIR"
    before = os.environ.get(variable)
    if before:
        Path(before).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="deepmse-page-", dir=before, ignore_cleanup_errors=True) as folder:
        os.environ[variable] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ[variable]
            else:
                os.environ[variable] = before


def sweep(folder: Path, age_s: float) -> None:
    """Delete files that have been somewhere in a folder for longer than a time, and folders that were empty as long.

    Gradio's own way, ``delete_cache``, knows the files of finished uploads alone: what a visitor begins to upload and
    drops would stay.
    """
    then = time.time() - age_s
    for path in sorted(folder.rglob("*"), reverse=True):
        # Others may have deleted it, and a folder may have something in it.
        with suppress(OSError):
            if path.lstat().st_ctime < then:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def swept(folder: Path) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """What keeps a folder swept as long as a server runs; Starlette calls it a lifespan."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async def again_and_again() -> None:
            while True:
                await asyncio.sleep(SWEEP_S)
                await asyncio.to_thread(sweep, folder, LIFETIME_S)

        task = asyncio.create_task(again_and_again())
        try:
            yield
        finally:
            task.cancel()

    return lifespan


def upload_folder() -> str:
    """The folder of Gradio's uploads."""
    return str(get_upload_folder())
