"""FiftyOne's settings."""

from pathlib import Path

import fiftyone as fo


def plugins_dir() -> Path:
    """The folder where FiftyOne looks for plugins."""
    return Path(fo.config.plugins_dir)


def datasets_dir() -> Path:
    """The folder where FiftyOne keeps the media of datasets that it makes."""
    return Path(fo.config.default_dataset_dir)
