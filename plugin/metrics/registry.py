"""Finding metrics by name and making them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .catalogue import METRICS
from .info import Kind, MetricInfo

if TYPE_CHECKING:
    from .base import AnyMetric

__all__ = ["Kind", "MetricInfo", "create", "distinct", "find_by_field", "metric_info", "metric_names"]

MODEL_SUFFIX: Final = ".safetensors"
"""What the files of trained models end in."""

#: Names of columns and fields that hold something else than scores.
_TAKEN: Final = frozenset(
    [
        *("dist", "ref", "ref_path", "error", "distortion", "level", "category", "split", "mos", "dmos", "target"),
        *("mos_std", "dmos_std", "group", "n", "metric"),
        *("id", "sample_id", "filepath", "tags", "metadata", "created_at", "last_modified_at", "media_type"),
    ]
)
#: How the names of what metrics tell beside their scores end.
_DERIVED: Final = ("_error", "_std", "_grade", "_stages", "_map", "_percentile")

_BY_NAME: Final = {info.name: info for info in METRICS}
_BY_FIELD: Final = {info.field: info for info in METRICS}


def metric_names(kind: Kind | None = None) -> tuple[str, ...]:
    """Names of all metrics, or of those of one kind."""
    return tuple(info.name for info in METRICS if kind in (None, info.kind))


def metric_info(name: str) -> MetricInfo:
    """Look a metric up by name, by field name, or by the file of a trained model, which is called as the file is.

    Raises:
        UsageError: if there is none of that name
    """
    if name.endswith(MODEL_SUFFIX):
        return _trained(Path(name))
    info = _BY_NAME.get(name) or _BY_FIELD.get(name)
    if info is None:
        raise UsageError(f"no metric {name!r}; there are {', '.join(metric_names())}")
    return info


def find_by_field(field: str) -> MetricInfo | None:
    """The metric whose scores are in a column or field of this name, if any."""
    return _BY_FIELD.get(field)


def create(name: str, **settings: Any) -> AnyMetric:
    """Make a metric ready to compute.

    Args:
        name: its name
        settings: what its factory takes, such as ``weights`` and ``preset``

    Raises:
        UsageError: if there is none of that name, a setting is wrong, or a package that it needs is not installed
        WeightsError: if its weights are not found
    """
    info = metric_info(name)
    if name.endswith(MODEL_SUFFIX):
        settings["weights"] = name
    module, _, function = info.factory.partition(":")
    try:
        factory: Callable[..., AnyMetric] = getattr(import_module(f"..{module}", __package__), function)
        metric = factory(**settings)
    except ModuleNotFoundError as error:
        if not info.extra:
            raise
        raise UsageError(
            f"{info.title} needs the package {error.name}: pip install 'fiftyone-deepmse[{info.extra}]'"
        ) from error
    metric.info = info
    return metric


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


def _trained(path: Path) -> MetricInfo:
    """What a trained no-reference model declares of itself."""
    name = path.stem
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise UsageError(
            f"{path}: scores are named after the model's file; call it by a letter and then letters, digits, - and _"
        )
    field = name.replace("-", "_").lower()
    if field in _BY_FIELD:
        raise UsageError(f"{path}: scores are named after the model's file, and {name} is a metric's name; rename it")
    if field in _TAKEN or field.endswith(_DERIVED):
        raise UsageError(
            f"{path}: scores are named after the model's file, and {name} means something else in tables and "
            "datasets; rename it"
        )
    return replace(
        _BY_NAME["nr"],
        name=name,
        title=name,
        citation="a model that `deepmse train nr` or “Train a quality model” made",
        weights=path.name,
        settings=("policy",),
    )
