"""Which files of trained parameters the metrics need, and whether they are here; nothing is downloaded or read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ..weights.parameters import ParameterFile, locate
from ..weights.search import Network
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


def networks() -> dict[str, Network]:
    """The networks whose weights are downloaded, by name."""
    declarations = dict.fromkeys(file for name in metric_names() for file in metric_info(name).files)
    declared = map(_declared, declarations)
    return {network.name: network for network in declared if isinstance(network, Network) and network.url}


def _declared(declaration: str) -> Network | ParameterFile:
    module, _, name = declaration.partition(":")
    declared: Network | ParameterFile = getattr(import_module(f"..{module}", __package__), name)
    return declared


def _needed(file: Network | ParameterFile, metrics: tuple[str, ...]) -> Needed:
    if isinstance(file, ParameterFile):
        return Needed(file.name, metrics, locate(file), file.source or f"pip install {file.package}")
    folders = [ParameterFile(file.name, name, "") for name in (file.filename, file.hub_filename)]
    path = next((found for found in map(locate, folders) if found), None)
    package = file.package
    if path or not package:
        return Needed(file.title, metrics, path, file.url or "")
    shipped = locate(ParameterFile(file.name, file.filename, "", package=package.name, inside=package.filename))
    source = file.url or f"pip install {package.name}"
    if shipped is None:
        return Needed(file.title, metrics, None, source)
    return Needed(package.title, metrics, shipped, source, package.warning)
