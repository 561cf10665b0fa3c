"""Serve the FiftyOne App as a process of its own; the browser tests start it.

Usage: python serve_fiftyone.py PORT VALUES.json LIVE_SUBSET PHOTOS

Two datasets hold the same pairs, ``scored`` and ``unscored``: real ones from the folder LIVE_SUBSET or, where
there is none, a demo set written to PHOTOS. What ``scored`` holds is in VALUES.json once the App is up. The database
is this process's own.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from mongod import start_mongod

# Before FiftyOne is imported, which is when it reads this.
os.environ["FIFTYONE_DATABASE_URI"] = start_mongod(Path(tempfile.mkdtemp(dir=os.environ["HOME"])))

from deepmse.plugin.datasets import load, make_demo
from deepmse.plugin.panel.launch import launch_app
from deepmse.plugin.store import compute_full_reference, import_dataset


def main(port: int, values: Path, live_subset: Path, photos: Path) -> None:
    quality = load("live_subset", live_subset) if live_subset.is_dir() else make_demo(photos)
    import_dataset(quality, "unscored")
    dataset = import_dataset(quality, "scored")
    compute_full_reference(dataset, device="cpu")
    session = launch_app(dataset, port=port, remote=True)
    columns = dataset.values(["distortion", "deepmse", quality.target_field])
    content = dict(zip(["distortion", "score", "target"], columns, strict=True))
    values.write_text(json.dumps({**content, "lower_is_better": quality.target_lower_is_better}))
    session.wait(-1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
