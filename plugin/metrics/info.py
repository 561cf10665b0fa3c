"""What a metric declares of itself."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal

from ..weights import ParameterFile

Kind = Literal["FR", "NR"]

#: What the extras' metrics import.
_EXTRA_PACKAGES: Final = {"metrics": ("piq", "torchmetrics")}


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
        factory: ``module:class`` inside ``plugin``, or anything else there that makes it when called
        stages: names of its per-stage values, if it has any
        settings: what its factory takes besides the device: any of ``weights``, ``preset``, ``policy`` and
            ``precision``
        policy: name of the image policy that it is made for
        color: channels that the score depends on: "RGB", or "grey" for luminance alone
        differentiable: whether the score has a gradient by the pixels; of the implementations here, only DeepMSE's
            module gives it
        has_error_map: whether it tells where images differ
        has_deviation: whether it tells the standard deviation of its scores' errors
        has_percentile: whether it tells how many of its training images score lower
        has_graph: whether it can be exported as an ONNX graph
        has_domain: whether it tells how near an image is to its training images
        grades: the plain words that it grades images with, the worst first
        licence: of the implementation and of its weights
        weights: where its trained parameters come from; empty if it has none
        files: the files of trained parameters that it reads
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
    policy: str = "native"
    color: Literal["RGB", "grey"] = "RGB"
    differentiable: bool = False
    has_error_map: bool = False
    has_deviation: bool = False
    has_percentile: bool = False
    has_graph: bool = False
    has_domain: bool = False
    grades: tuple[str, ...] = ()
    licence: str = "Apache-2.0"
    weights: str = ""
    files: tuple[ParameterFile, ...] = ()
    extra: str = ""

    @property
    def field(self) -> str:
        """Name of the CSV column and FiftyOne field with the scores."""
        return self.name.replace("-", "_")

    @property
    def installed(self) -> bool:
        """Whether the packages that it needs are here."""
        return all(find_spec(package) for package in _EXTRA_PACKAGES.get(self.extra, ()))
