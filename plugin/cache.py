"""The user's folder for what can be computed anew: ``$XDG_CACHE_HOME/deepmse``, or ``~/.cache/deepmse``."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """The folder; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "deepmse"
