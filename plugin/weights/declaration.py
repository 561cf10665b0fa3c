"""What is known of a file of parameters, and what is in memory once it has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ParameterFile:
    """A file of parameters: its name, its digest, and the places that may have it.

    Args:
        name: whose parameters they are, in a word that commands take, such as ``squeezenet1_1``
        filename: the file's name in a weights folder
        sha256: the file's SHA-256 in hexadecimal; empty if it is not known beforehand
        title: the parameters' name in print; empty for ``name``
        url: where torch hub has them, possibly in a larger file; its name ends in the first digits of its SHA-256.
            Empty if they are not downloaded
        source: where they are published, for files that are not downloaded
        package: pip package that ships them; empty if none does
        inside: the file's path in that package
        read: what reads it, ``module:function`` inside ``plugin``: path to tensors by name, or ``WeightsError``
        prefix: of the parameters that are wanted
        scale: size of a middling squared feature difference, for display
        warning: what a user must know before trusting scores made with them
        fallback: another file that serves where this one is nowhere
    """

    name: str
    filename: str
    sha256: str = ""
    title: str = ""
    url: str = ""
    source: str = ""
    package: str = ""
    inside: str = ""
    read: str = "weights.reading:read_tensors"
    prefix: str = ""
    scale: float = 1.0
    warning: str | None = None
    fallback: ParameterFile | None = None

    def tensors(self, path: Path) -> Mapping[str, torch.Tensor]:
        """The parameters in a file, by name.

        Raises:
            WeightsError: if they cannot be read
        """
        module, _, function = self.read.partition(":")
        tensors: Mapping[str, torch.Tensor] = getattr(import_module(f"..{module}", __package__), function)(path)
        return tensors

    @property
    def in_print(self) -> str:
        """The parameters' name in print."""
        return self.title or self.name

    @property
    def hub_filename(self) -> str:
        """The file's name in torch hub's cache."""
        return self.url.rpartition("/")[2] or self.filename

    @property
    def filenames(self) -> tuple[str, ...]:
        """The names that the file may have in a folder."""
        return tuple(dict.fromkeys((self.filename, self.hub_filename)))

    @property
    def hub_digest(self) -> str:
        """First digits of the SHA-256 of torch hub's file; empty if it has none."""
        return self.hub_filename.removesuffix(".pth").rpartition("-")[2] if self.url else ""

    def knows(self, digest: str) -> bool:
        """Whether a SHA-256 is that of this file, or of torch hub's."""
        return digest == self.sha256 or bool(self.hub_digest and digest.startswith(self.hub_digest))


@dataclass(frozen=True)
class Weights:
    """Parameters in memory.

    Args:
        name: which parameters they are, in words
        path: the file they were read from
        sha256: digest of that file
        tensors: parameters by the names that the network's builder reads
        scale: see :class:`ParameterFile`
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
