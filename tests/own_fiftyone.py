"""A FiftyOne of a test's own: home, database, media and, as its only plugin, this repository."""

import os
from pathlib import Path

from .mongod import start_mongod

REPOSITORY = Path(__file__).parents[1]


def use_own_fiftyone(home: Path) -> None:
    """Let this process, and those that it starts, have a FiftyOne in an empty folder.

    FiftyOne reads its settings when it is first imported, which no module may do before this.
    """
    (home / "plugins").mkdir()
    (home / "plugins" / "image-quality").symlink_to(REPOSITORY)
    os.environ.update(
        HOME=str(home),
        FIFTYONE_DATABASE_URI=start_mongod(home),
        FIFTYONE_DATABASE_VALIDATION="false",
        FIFTYONE_DEFAULT_DATASET_DIR=str(home / "media"),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_PLUGINS_DIR=str(home / "plugins"),
    )
