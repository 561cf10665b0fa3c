"""FiftyOne's settings, and the folders that follow from them."""

import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

import fiftyone as fo

_LONGEST_NAME: Final = 255


def plugins_dir() -> Path:
    """The folder where FiftyOne looks for plugins."""
    return Path(fo.config.plugins_dir)


def datasets_dir() -> Path:
    """The folder where FiftyOne keeps the media of datasets that it makes."""
    return Path(fo.config.default_dataset_dir)


def dataset_dir(dataset: fo.Dataset) -> Path:
    """The folder for what is made for a dataset, always one right inside :func:`datasets_dir`.

    It is called as the dataset is; by the dataset's id where the name could lead elsewhere, as "../x" does.
    """
    name = str(dataset.name)
    plain = name not in (".", "..") and name == PurePosixPath(name).name == PureWindowsPath(name).name
    if not plain or len(os.fsencode(name)) > _LONGEST_NAME:
        name = str(dataset._doc.id)
    return datasets_dir() / name
