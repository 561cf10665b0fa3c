"""Image quality for FiftyOne: metrics, their agreement with human opinion, and where they fail.

This file is read as the package ``deepmse`` and, by FiftyOne, as the root of the plugin ``@deepmse/image-quality``,
which it executes again on every registry build, and as a source of its model zoo. It stays light for that.
``deepmse.fiftyone.model("nr")`` is a model for FiftyOne's ``apply_model`` and ``compute_embeddings``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

_EXPORTS = {
    "DeepMSE": "plugin.metrics.full_reference.deepmse",
    "Scorer": "plugin.engine.scorer",
    "analyse_residuals": "plugin.evaluation",
    "compare_metrics": "plugin.evaluation",
    "evaluate": "plugin.evaluation",
    "load_model": "plugin.engine.modules",
    "metric": "plugin.engine.modules",
    "score": "plugin.engine.scorer",
    "score_pairs": "plugin.engine.scorer",
}

#: What FiftyOne asks of this file where it stands in its zoo of models, by the name there and in the module.
_ZOO = {"download_model": "download_model", "load_model": "load_zoo_model", "resolve_input": "resolve_input"}

#: Modules that are asked for as attributes: ``from deepmse import torchmetrics``.
_MODULES = {
    "fiftyone": "plugin.store.zoo",
    "functional": "plugin.engine.functional",
    "torchmetrics": "plugin.engine.torchmetrics",
}

__all__ = [
    "DeepMSE",
    "Scorer",
    "analyse_residuals",
    "compare_metrics",
    "evaluate",
    "functional",
    "load_model",
    "metric",
    "register",
    "score",
    "score_pairs",
    "torchmetrics",
]

if TYPE_CHECKING:
    from .plugin.engine import functional, torchmetrics
    from .plugin.engine.modules import load_model, metric
    from .plugin.engine.scorer import Scorer, score, score_pairs
    from .plugin.evaluation import analyse_residuals, compare_metrics, evaluate
    from .plugin.metrics.full_reference.deepmse import DeepMSE


def __getattr__(name: str) -> Any:
    """Import an exported name when it is first asked for (PEP 562)."""
    if name in _ZOO and __name__ != "deepmse":
        return getattr(import_module(".plugin.store.zoo", __name__), _ZOO[name])
    if name in _MODULES:
        return import_module(f".{_MODULES[name]}", __name__)
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
