"""What every tab is."""

from __future__ import annotations

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
    """

    uploads: Uploads
    weights: Path | None = None
    device: str = "auto"


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
