"""What every tab is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..uploads import Uploads


@dataclass(frozen=True)
class Setup:
    """What tabs have to know of the server they are on.

    Args:
        uploads: tells the folder that uploads are in; no other file is opened
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        is_local: whether only this machine reaches the server
    """

    uploads: Uploads
    weights: Path | None = None
    device: str = "auto"
    is_local: bool = False

    def place(self, suffix: str) -> Path:
        """A path for a new file among the uploads, which is deleted when they are."""
        folder = Path(self.uploads())
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{secrets.token_hex(16)}{suffix}"

    def download(self, name: str) -> Path:
        """A path for a new file that visitors download by a name; deleted when uploads are."""
        path = self.place("") / name
        path.parent.mkdir()
        return path


@dataclass(frozen=True)
class Tab:
    """A tab of the page.

    Args:
        title: what it is called
        build: puts its components where it is called, and joins them to their answers
        style: CSS of its own HTML
    """

    title: str
    build: Callable[[Setup], None]
    style: str = ""

    @property
    def endpoint(self) -> str:
        """The name of the endpoint that answers as the tab does."""
        return self.title.lower()
