"""How the packaged model that tells causes is made: of Kodak's photographs and some that people judged, distorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...datasets.records import QualityDataset
from ...datasets.synthesis.photos import photos_in, read_photo
from ...errors import UsageError
from ..files import versions
from .examples import in_every_way, in_some_way, make, statistics_of
from .model import UNDISTORTED, CauseModel
from .training import FOLDS, fit, report, search, tally

#: Kodak's photographs that nothing is chosen by: every third, and among them the three that LIVE's pictures are of.
HELD_OUT: Final = ("02", "06", "08", "11", "14", "17", "20", "23")

#: How many of the photographs that people judged best are taken; every third of them is held out too.
BEST: Final = 120


def train(
    kodak: Path,
    judged: QualityDataset,
    live: QualityDataset,
    kept: Path,
    *,
    seed: int = 0,
    progress: Callable[[int, int | None], None],
) -> tuple[CauseModel, dict[str, Any]]:
    """Choose by photographs that are not held out, measure on those that are, and then learn from all.

    Args:
        kodak: folder of Kodak's photographs
        judged: photographs and opinions of them
        live: pictures with real distortions
        kept: ``.npz`` file where what is known of the pictures is kept
        seed: of the folds
        progress: told how many pictures are made, and of how many

    Returns:
        the model, and its card

    Raises:
        UsageError: if the folder has not the photographs, or the file is of others
        ImageError: if a picture cannot be used
    """
    photos, _ = photos_in(kodak)
    if not {photo.stem for photo in photos}.issuperset(HELD_OUT):
        raise UsageError(f"{kodak}: it takes the folder of Kodak's 24 photographs, 01.png to 24.png")
    best = [record.dist for record in sorted(judged.records, key=lambda record: -(record.target or 0))[:BEST]]
    pictures = [each for photo in photos for each in in_every_way(photo)]
    pictures += [each for photo in best for each in in_some_way(photo)]
    examples = make(pictures, kept, progress=progress)
    parts = {
        "kodak": [str(photo) for photo in photos if photo.stem in HELD_OUT],
        "judged": [str(photo) for photo in best[::3]],
    }
    unseen = {name: examples[np.isin(examples.photographs, part)] for name, part in parts.items()}
    known = examples[~np.isin(examples.photographs, [photo for part in parts.values() for photo in part])]
    trials = search(known, seed=seed)
    choice = trials[0].shrinkage, [trials[0].sharpness]
    [model] = fit(known, *choice)

    real = [(record.distortion or "", record.dist) for record in live.records]
    real += [("undistorted", path) for path in dict.fromkeys(record.ref for record in live.records) if path]
    statistics = np.stack([statistics_of(np.array(read_photo(path, None))) for _, path in real])
    card = {
        "model": "likely distortion of a picture: statistics of its pixels, linear discriminants of 25 types of "
        "distortion at each of their levels, and of none",
        "data": {
            "pictures": len(examples),
            "kodak": {
                "photographs": len(photos),
                "distorted": "as KADID-10k's are, in every way and at every level",
                "terms": "unrestricted use as far as known",
            },
            "judged": {
                "name": judged.name,
                "photographs": len(best),
                "which": "those that people judged best",
                "distorted": "in every way, each at one level that is drawn",
                "source": judged.source,
                "terms": judged.licence,
                "citation": judged.citation,
            },
            "distribution": "images are not redistributed",
        },
        "choices": {
            "protocol": f"mean over the causes of the negative logarithm of the true cause's probability, {FOLDS} "
            "folds of the photographs that are not held out",
            "undistorted_before_any_is_seen": UNDISTORTED,
            "trials_the_best_first": [asdict(trial) for trial in trials[:10]],
        },
        "results": {
            "protocol": "by a model of the other photographs; the one in the file learnt from all",
            "held_out": {
                "kodak": {
                    "photographs": ", ".join(HELD_OUT),
                    **report(model(unseen["kodak"].statistics), unseen["kodak"]),
                },
                "judged": {
                    "photographs": "every third",
                    **report(model(unseen["judged"].statistics), unseen["judged"]),
                },
            },
            "live_subset": {
                "protocol": "pictures of each type by what the same model tells; it has seen neither them nor the "
                "photographs that they were made of",
                "told": tally([kind for kind, _ in real], model(statistics)),
            },
        },
        "seed": seed,
        "versions": versions("numpy", "pillow", "scikit-learn", "torch"),
        "licence": "Apache-2.0 for this file; the photographs keep their own terms and are not in it",
    }
    [final] = fit(examples, *choice)
    return final, card
