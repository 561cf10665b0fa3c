"""How fast this machine was last time, so that a form can say how long its work takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ..cache import cache_dir
from ..errors import OutputError
from ..files import write_whole

#: Runs of fewer images are mostly preparation, and tell little.
FEWEST: Final = 20
_SHORT_S: Final = 10
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


def record(work: Iterable[str], seconds: float, images: int) -> None:
    """Keep how long work took; nothing where there was too little of it, or it cannot be written.

    Args:
        work: names of what was done with each image, such as metrics
        seconds: that it took
        images: that it was done with
    """
    if images < FEWEST:
        return
    try:
        write_whole(_file(), json.dumps({**_read(), _key(work): seconds / images}, indent=1).encode())
    except OutputError:
        return  # It is a convenience: scores do not fail for it.


def expected(work: Iterable[str], images: int) -> str | None:
    """How long work takes here, in words; None where it has not been done here yet.

    Args:
        work: names of what is to be done with each image
        images: how many there are
    """
    per_image = _read().get(_key(work))
    return None if per_image is None else f"about {_in_words(per_image * images)}"


def _key(work: Iterable[str]) -> str:
    return " ".join(sorted(set(work)))


def _file() -> Path:
    return cache_dir() / "pace.json"


def _read() -> dict[str, Any]:
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, float)} if isinstance(found, dict) else {}


def _in_words(seconds: float) -> str:
    """A duration, as exactly as it is known."""
    if seconds < _SHORT_S:
        return "a few seconds"
    if seconds < 2 * _MINUTE_S:
        return f"{round(seconds, -1):.0f} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} minutes"
    return f"{seconds / _HOUR_S:.0f} hours"
