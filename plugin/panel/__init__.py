"""FiftyOne panels and their figures."""

from typing import Any


def __getattr__(name: str) -> Any:
    """``PANELS``, imported when asked for: the figures need no FiftyOne."""
    if name == "PANELS":
        from .agreement.panel import QualityVsMos
        from .curation.panel import QualityCuration
        from .inspector.panel import PairInspector

        return (QualityVsMos, QualityCuration, PairInspector)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
