"""FiftyOne panels and their figures."""

from typing import Any


def __getattr__(name: str) -> Any:
    """``PANELS``, imported when asked for: the figures need no FiftyOne."""
    if name == "PANELS":
        from .agreement.panel import QualityVsMos

        return (QualityVsMos,)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
