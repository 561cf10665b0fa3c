"""What files of a ladder are called, and how they are painted."""

from __future__ import annotations

import math

from ...ladders import Ladder, Step
from ...view import number


def finite(value: float | None) -> float | None:
    """A score as JSON holds it, which knows no infinity."""
    return value if value is not None and math.isfinite(value) else None


def reason(ladder: Ladder, step: Step) -> str:
    """Why a file has no score, by the names that visitors know; nothing if it has one."""
    error = step.score.error.replace(str(step.path), step.name)
    return error.replace(ladder.picture.path, f"“{ladder.picture.name}”")


def codecs_of(ladder: Ladder) -> list[str]:
    """The codecs that have files, in order."""
    return list(dict.fromkeys(step.codec.name for step in ladder.steps))


def tint(ladder: Ladder, codec: str) -> str:
    """The attribute that gives something a codec's colour."""
    return f'style="{tinted(ladder, codec)}"'


def tinted(ladder: Ladder, codec: str) -> str:
    """A codec's colour as CSS, for a style that says more."""
    return f"--dm-tint: var(--dm-tint-{codecs_of(ladder).index(codec) + 1})"


def size(size: int) -> str:
    """A file's size in words."""
    return f"{number(size / 1000)} kB" if size < 1_000_000 else f"{number(size / 1e6)} MB"
