"""Which files of trained parameters the metrics need, and whether they are here; nothing is downloaded or read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ..weights import ParameterFile, locate
from .registry import metric_info, metric_names


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
    users: dict[str, list[str]] = {}
    for name in metric_names():
        for declaration in metric_info(name).files:
            users.setdefault(declaration, []).append(name)
    return [_needed(_declared(declaration), tuple(metrics)) for declaration, metrics in users.items()]


def networks() -> dict[str, ParameterFile]:
    """The networks whose weights are downloaded, by name."""
    declarations = dict.fromkeys(file for name in metric_names() for file in metric_info(name).files)
    declared = map(_declared, declarations)
    return {file.name: file for file in declared if file.url}


def _declared(declaration: str) -> ParameterFile:
    module, _, name = declaration.partition(":")
    declared: ParameterFile = getattr(import_module(f"..{module}", __package__), name)
    return declared


def _needed(file: ParameterFile, metrics: tuple[str, ...]) -> Needed:
    source = file.url or file.source or f"pip install {file.package}"
    path = locate(file)
    if path is None and file.fallback is not None and (path := locate(file.fallback)):
        return Needed(file.fallback.in_print, metrics, path, source, file.fallback.warning)
    return Needed(file.in_print, metrics, path, source)
