"""Finding metrics by name and making them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .catalogue import METRICS
from .info import Kind, MetricInfo
from .models import MODEL_SUFFIX, check_model_name, model_info

if TYPE_CHECKING:
    from .base import AnyMetric

__all__ = [
    "MODEL_SUFFIX",
    "Kind",
    "MetricInfo",
    "check_model_path",
    "create",
    "distinct",
    "find_by_field",
    "metric_info",
    "metric_names",
    "register_model",
]

_BY_NAME: Final = {info.name: info for info in METRICS}
_BY_FIELD: Final = {info.field: info for info in METRICS}
_MODELS: Final[dict[str, Path]] = {}
"""Files of trained models that have a name in this process."""


def metric_names(kind: Kind | None = None) -> tuple[str, ...]:
    """Names of all metrics, registered models last, or of those of one kind."""
    infos = (*METRICS, *map(metric_info, _MODELS))
    return tuple(info.name for info in infos if kind in (None, info.kind))


def register_model(path: Path) -> MetricInfo:
    """Let a trained model be found by the name of its file, for as long as this process lives.

    Raises:
        UsageError: if the file holds no trained model, or another has its name
    """
    info = metric_info(str(path))
    if (other := _MODELS.setdefault(info.name, path)).resolve() != path.resolve():
        raise UsageError(f"{other} and {path}: both would be called {info.name}; rename one of them")
    return info


def metric_info(name: str) -> MetricInfo:
    """Look a metric up by name, by field name, or by the file of a trained model, whose header declares it.

    Registered models have names, too.

    Raises:
        UsageError: if there is none of that name, or the file is not that of a trained model, see
            :func:`~deepmse.plugin.metrics.models.model_info`
    """
    name = _resolved(name)
    if name.endswith(MODEL_SUFFIX):
        check_model_path(Path(name))
        return model_info(Path(name))
    info = _BY_NAME.get(name) or _BY_FIELD.get(name)
    if info is None:
        raise UsageError(f"no metric {name!r}; there are {', '.join(metric_names())}")
    return info


def check_model_path(path: Path) -> None:
    """Check that a trained model may be kept in a file: its scores are named after it.

    Raises:
        UsageError: if the file does not end in ``.safetensors``, or its name cannot be that of new scores
    """
    if path.suffix != MODEL_SUFFIX:
        raise UsageError(f"{path}: a model file ends in {MODEL_SUFFIX}")
    check_model_name(path)
    if path.stem.replace("-", "_").lower() in _BY_FIELD:
        raise UsageError(
            f"{path}: scores are named after the model's file, and {path.stem} is a metric's name; rename it"
        )


def find_by_field(field: str) -> MetricInfo | None:
    """The metric whose scores are in a column or field of this name, if any."""
    return _BY_FIELD.get(field)


def create(name: str, **settings: Any) -> AnyMetric:
    """Make a metric ready to compute.

    Args:
        name: its name
        settings: what its factory takes, such as ``weights`` and ``preset``; that of a trained model is also given
            its file as ``weights``, and its declaration as ``info``

    Raises:
        UsageError: if there is none of that name, a setting is wrong, or a package that it needs is not installed
        WeightsError: if its weights are not found
    """
    name = _resolved(name)
    info = metric_info(name)
    if name.endswith(MODEL_SUFFIX):
        settings |= {"weights": name, "info": info}
    module, _, function = info.factory.partition(":")
    try:
        factory: Callable[..., AnyMetric] = getattr(import_module(f"..{module}", __package__), function)
        return factory(**settings)
    except ModuleNotFoundError as error:
        if not info.extra:
            raise
        raise UsageError(
            f"{info.title} needs the package {error.name}: pip install 'fiftyone-deepmse[{info.extra}]'"
        ) from error


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Metrics by name or by model file, each once.

    Raises:
        UsageError: if there is none of a name, or two model files would give their scores the same name
    """
    chosen: dict[str, str] = {}
    for name in names:
        field = metric_info(name).field
        other = chosen.setdefault(field, name)
        if other != name and MODEL_SUFFIX in (Path(other).suffix, Path(name).suffix):
            if Path(other).resolve() == Path(name).resolve():
                continue
            raise UsageError(f"{other} and {name}: both would score into {field}; rename one of them")
    return tuple(chosen.values())


def _resolved(name: str) -> str:
    """The file of a registered model; any other name as it is."""
    return str(_MODELS.get(name, name))
