"""Published and synthetic image-quality datasets as tables of records.

A published dataset is one module with ``INFO`` and ``load(root) -> QualityDataset``, and its name in the list below.
"""

from collections.abc import Callable
from pathlib import Path

from ..errors import UsageError
from . import csv, folder
from .published import (
    biq2021,
    biq2021_train2000,
    clive,
    csiq,
    kadid10k,
    koniq10k,
    live_release1,
    live_release2,
    live_subset,
    pipal,
    spaq,
    tid2008,
    tid2013,
)
from .records import DatasetInfo, QualityDataset, Record
from .synthesis.demo import make_demo

__all__ = ["DATASETS", "DatasetInfo", "QualityDataset", "Record", "dataset_info", "load", "make_demo"]

_KNOWN: dict[str, tuple[DatasetInfo, Callable[[Path], QualityDataset]]] = {
    module.INFO.name: (module.INFO, module.load)
    for module in (
        tid2013,
        tid2008,
        kadid10k,
        csiq,
        live_release2,
        live_release1,
        live_subset,
        koniq10k,
        pipal,
        biq2021,
        biq2021_train2000,
        clive,
        spaq,
        csv,
        folder,
    )
}

DATASETS = tuple(_KNOWN)


def load(name: str, root: str | Path) -> QualityDataset:
    """Read a dataset from its folder.

    Images that the dataset names and that are not there are left out: they are in ``missing``, and the notes say how
    many they are.

    Args:
        name: one of ``DATASETS``
        root: the folder that holds the dataset as it was published; for "csv" the file, or a folder of a manifest.csv

    Raises:
        UsageError: an unknown name, no such folder, a missing or malformed table of scores, or no image at all
    """
    return _known(name)[1](Path(root))


def dataset_info(name: str) -> DatasetInfo:
    """What is known of a dataset before any file is read; UsageError on an unknown name."""
    return _known(name)[0]


def _known(name: str) -> tuple[DatasetInfo, Callable[[Path], QualityDataset]]:
    if name not in _KNOWN:
        raise UsageError(f"unknown dataset {name!r}; known: {', '.join(DATASETS)}")
    return _KNOWN[name]
