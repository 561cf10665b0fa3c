"""What a reproduction is given: where the data are, where results go, what to compute with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TypeVar

from .. import datasets
from ..errors import UsageError

T = TypeVar("T")


class Progress(Protocol):
    """Passes a stream on, showing how far it is."""

    def __call__(self, stream: Iterable[T], description: str, total: int | None) -> Iterator[T]:
        """Pass ``stream`` of ``total`` elements on."""
        ...


def silent(stream: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    """Pass a stream on, showing nothing."""
    yield from stream


@dataclass(frozen=True)
class Context:
    """What a reproduction is given.

    Attributes:
        out: folder for scores and results
        roots: folders of datasets, by the name of the dataset
        device: where to compute, see :class:`~deepmse.plugin.engine.scorer.Scorer`
        weights: weights file or folder; None to search
        progress: shows how far a long computation is
    """

    out: Path
    roots: Mapping[str, Path] = field(default_factory=dict)
    device: str = "auto"
    weights: Path | None = None
    progress: Progress = silent


_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "kadid10k": ("kadid",),
    "koniq10k": ("koniq",),
    "live_release1": ("live1", "liver1"),
    "live_release2": ("live", "live2", "liver2", "databaserelease2"),
    "clive": ("livec", "livechallenge", "livewild", "challengedbrelease"),
}


def find_datasets(places: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    """Where datasets are.

    Args:
        places: ``NAME=FOLDER`` for a dataset, or a folder called as a dataset is, or one that holds such folders;
            hyphens, underscores, blanks and case are ignored
        names: the datasets to look for

    Raises:
        UsageError: a folder that is not there, or an unknown dataset
    """
    found: dict[str, Path] = {}
    for place in places:
        name, _, named = place.rpartition("=")
        folder = Path(named).expanduser()
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder; give a folder of datasets, or NAME=FOLDER")
        if name:
            found[datasets.dataset_info(name).name] = folder
            continue
        folders = (folder, *sorted(path for path in folder.iterdir() if path.is_dir()))
        called = {_plain(path.absolute().name): path for path in folders}
        for dataset in names:
            for key in (*reversed(_ALIASES.get(dataset, ())), _plain(dataset)):
                if key in called:
                    found[dataset] = called[key]
    return {dataset: path for dataset, path in found.items() if dataset in names}


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
