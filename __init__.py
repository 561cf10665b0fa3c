"""Image quality for FiftyOne: metrics, their agreement with human opinion, and where they fail.

This file is read twice: as the package ``deepmse`` and, by FiftyOne, as the root of the plugin
``@deepmse/image-quality``, which it executes again on every registry build. It stays light for that.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "DeepMSE": "plugin.metrics.full_reference.deepmse",
    "score_pairs": "plugin.engine.scorer",
    "evaluate": "plugin.evaluation",
    "compare_metrics": "plugin.evaluation",
    "analyse_residuals": "plugin.evaluation",
}

__all__ = ["DeepMSE", "analyse_residuals", "compare_metrics", "evaluate", "register", "score_pairs"]


def __getattr__(name: str) -> Any:
    """Import an exported name when it is first asked for (PEP 562)."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_EXPORTS[name]}", __name__), name)


def register(p: Any) -> None:
    """Register the plugin's operators and panels with FiftyOne.

    Args:
        p: the ``fiftyone.plugins.context.PluginContext`` to register with
    """
    operators = import_module(".operators", __name__)
    panel = import_module(".plugin.panel", __name__)
    for cls in (*operators.OPERATORS, *panel.PANELS):
        p.register(cls)
