"""Linking the installed package into FiftyOne's plugins folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..plugin.errors import UsageError

PACKAGE: Final = Path(__file__).resolve().parent.parent
NAME: Final = "deepmse-image-quality"


def installed(plugins: Path) -> Path | None:
    """The folder under ``plugins`` that is this package, if there is one."""
    candidates = sorted(plugins.iterdir()) if plugins.is_dir() else []
    return next((folder for folder in candidates if folder.resolve() == PACKAGE), None)


def link(plugins: Path) -> Path:
    """Make FiftyOne load this package as a plugin.

    Args:
        plugins: FiftyOne's plugins folder

    Returns:
        the link, which may have been there before

    Raises:
        UsageError: if something else has its name
    """
    if (present := installed(plugins)) is not None:
        return present
    place = plugins / NAME
    if place.exists() and not place.is_symlink():
        raise UsageError(f"{place}: is there already and is no link; move it away first")
    plugins.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(PACKAGE, target_is_directory=True)
    return place


def unlink(plugins: Path) -> Path | None:
    """Undo :func:`link`; returns the link that was removed, if there was one."""
    present = installed(plugins)
    if present is None:
        return None
    if not present.is_symlink():
        raise UsageError(f"{present}: is the plugin itself and no link to it; remove it by hand")
    present.unlink()
    return present
