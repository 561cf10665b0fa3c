"""FiftyOne's settings."""

from pathlib import Path

import fiftyone as fo


def plugins_dir() -> Path:
    """The folder where FiftyOne looks for plugins."""
    return Path(fo.config.plugins_dir)


def media_dir(dataset: fo.Dataset) -> Path:
    """The folder for what is made for a dataset, always inside :func:`datasets_dir`.

    It is called as the dataset is, or as the App's addresses call it where that would lead elsewhere.
    """
    name = str(dataset.name)
    is_a_name = name not in ("", ".", "..") and not {"/", "\\", "\0"} & set(name)
    return datasets_dir() / (name if is_a_name else str(dataset.slug))


def datasets_dir() -> Path:
    """The folder where FiftyOne keeps the media of datasets that it makes."""
    return Path(fo.config.default_dataset_dir)
