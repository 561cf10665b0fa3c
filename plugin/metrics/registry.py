"""Metric declarations. A new metric is one module and one entry here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import UsageError

if TYPE_CHECKING:
    from .base import AnyMetric

Kind = Literal["FR", "NR"]


@dataclass(frozen=True)
class MetricInfo:
    """What a metric declares of itself.

    Args:
        name: on the command line, lower case with hyphens
        title: in print
        kind: full-reference ("FR") or no-reference ("NR")
        lower_is_better: its direction
        range: smallest and largest possible score
        citation: where it comes from
        factory: ``module:function`` inside this package that makes it
        stages: names of its per-stage values, if it has any
        settings: what its factory takes besides the device: any of ``weights``, ``preset`` and ``policy``
        color: what it looks at: "RGB", or "grey" for luminance alone
        differentiable: whether gradients flow to the images
        has_error_map: whether it tells where images differ
        has_deviation: whether it tells the standard deviation of its scores' errors
        grades: the plain words that it grades images with, the worst first
        licence: of the implementation and of its weights
        weights: where its trained parameters come from; empty if it has none
        extra: pip extra with the packages it needs; empty if they are always there
    """

    name: str
    title: str
    kind: Kind
    lower_is_better: bool
    range: tuple[float, float]
    citation: str
    factory: str
    stages: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("policy",)
    color: Literal["RGB", "grey"] = "RGB"
    differentiable: bool = False
    has_error_map: bool = False
    has_deviation: bool = False
    grades: tuple[str, ...] = ()
    licence: str = "Apache-2.0"
    weights: str = ""
    extra: str = ""

    @property
    def field(self) -> str:
        """Its CSV column and FiftyOne field."""
        return self.name.replace("-", "_")


_METRICS: Final = (
    MetricInfo(
        name="deepmse",
        title="DeepMSE",
        kind="FR",
        lower_is_better=True,
        range=(0.0, math.inf),
        citation="Mady, Agamy, Aly, Abdel-Nasser: DeepMSE, a lightweight image quality assessment model based on "
        "SqueezeNet and MSE for resource-constrained systems",
        factory="deepmse:create",
        stages=("conv1", "fire3", "fire5", "fire6", "fire9"),
        settings=("weights", "preset", "policy"),
        differentiable=True,
        has_error_map=True,
        licence="Apache-2.0; weights BSD-3-Clause",
        weights="torchvision's squeezenet1_1",
    ),
)
_BY_NAME: Final = {info.name: info for info in _METRICS}
_BY_FIELD: Final = {info.field: info for info in _METRICS}


def metric_names(kind: Kind | None = None) -> tuple[str, ...]:
    """Names of all metrics, or of those of one kind."""
    return tuple(info.name for info in _METRICS if kind in (None, info.kind))


def metric_info(name: str) -> MetricInfo:
    """Look a metric up by name, or by field name.

    Raises:
        UsageError: if there is none of that name
    """
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
    module, _, function = info.factory.partition(":")
    try:
        factory: Callable[..., AnyMetric] = getattr(import_module(f".{module}", __package__), function)
        return factory(**settings)
    except ModuleNotFoundError as error:
        if not info.extra:
            raise
        raise UsageError(
            f"{info.title} needs the package {error.name}: pip install 'fiftyone-deepmse[{info.extra}]'"
        ) from error
