"""Serve the FiftyOne App as a process of its own; the browser tests start it.

Usage: python serve_fiftyone.py PORT VALUES.json LIVE_SUBSET PHOTOS

Four datasets: ``scored``, ``unscored`` and ``labelled`` hold the same pairs, real ones from the folder LIVE_SUBSET
or, where there is none, a demo set written to PHOTOS; ``LABELS`` of ``labelled`` have a number in the field
``rating``; ``levels`` holds a demo set. Each has workspaces: the panel on agreement beside the grid, or alone, and
each other panel beside the grid. What ``scored`` holds is in VALUES.json once the App is up. The database is this
process's own. It ends when its input does, which is however the process ends that started it.
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

import fiftyone as fo
from deepmse.plugin.datasets import QualityDataset, load, make_demo
from deepmse.plugin.metrics import metric_info
from deepmse.plugin.panel.launch import launch_app, workspace
from deepmse.plugin.store import ScoringJob, import_dataset
from deepmse.plugin.store.training import UNCERTAIN

METRICS = ("deepmse", "psnr", "ssim", "gmsd")
LABELS = 50


def main(port: int, values: Path, live_subset: Path, photos: Path) -> None:
    is_real = live_subset.is_dir()
    quality = load("live_subset", live_subset) if is_real else make_demo(photos)
    add_workspaces(import_dataset(quality, "unscored"))
    label(import_dataset(quality, "labelled"), quality.target_field)
    dataset = scored(quality, "scored")
    if is_real:
        scored(make_demo(photos, live_subset / "ref"), "levels")
    else:
        dataset.clone("levels")
    session = launch_app(dataset, port=port, remote=True)
    paths, distortions, targets, *scores = dataset.values(["filepath", "distortion", quality.target_field, *METRICS])
    content = {
        "path": paths,
        "distortion": distortions,
        "target": targets,
        "labels": LABELS,
        "uncertain": UNCERTAIN,
        "scores": dict(zip(METRICS, scores, strict=True)),
        # 1 where score and target should rise together.
        "signs": {
            name: 1 if metric_info(name).lower_is_better == quality.target_lower_is_better else -1 for name in METRICS
        },
    }
    part = values.with_suffix(".part")
    part.write_text(json.dumps(content))
    part.replace(values)
    sys.stdin.read()
    session.close()


def scored(quality: QualityDataset, name: str) -> fo.Dataset:
    """A dataset with scores of all metrics."""
    dataset = import_dataset(quality, name)
    for _ in ScoringJob(dataset, METRICS, device="cpu"):
        pass
    add_workspaces(dataset)
    return dataset


def label(dataset: fo.Dataset, target: str) -> None:
    """Some of the opinions, on few distortions, as if they were a user's own: so few do not teach many."""
    rated = dataset.sort_by("distortion").limit(LABELS)
    rated.set_values("rating", [100.0 - opinion for opinion in rated.values(target)])
    add_workspaces(dataset)


def add_workspaces(dataset: fo.Dataset) -> None:
    panel = fo.Panel(type="quality_vs_mos")
    dataset.save_workspace("beside", workspace())
    for name in ("quality_curation", "pair_inspector"):
        dataset.save_workspace(name, workspace(name))
    dataset.save_workspace("alone", fo.Space(children=[panel], active_child=panel.component_id))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
