"""What both releases of LIVE have in common: two MATLAB files, and a folder of numbered images a type.

``refnames_all.mat`` names the reference of every image, ``dmos_realigned.mat`` has its DMOS, all types one after the
other; ``dmos.mat``, which came first, has DMOS that are comparable within a type only. ``orgs`` marks images that are
undistorted copies of their reference.
"""

from pathlib import Path
from typing import Final

import numpy as np

from ...errors import UsageError
from ..files import finite, read_mat
from ..layout import Tree, published
from ..records import DatasetInfo, QualityDataset, Record

FOLDERS: Final = {
    "jp2k": ("JPEG 2000 compression", 227),
    "jpeg": ("JPEG compression", 233),
    "wn": ("white noise", 174),
    "gblur": ("Gaussian blur", 174),
    "fastfading": ("fast fading", 174),
}
"""Distortion and number of images of each folder, in the order of the scores."""

LICENCE: Final = (
    "Free to use, copy, modify and distribute for any purpose with the copyright notice of the University of Texas "
    "(see readme.txt)."
)
LAYOUT: Final = "refnames_all.mat, dmos_realigned.mat, refimgs/*.bmp, jp2k/img1.bmp, jpeg/img1.bmp"
COPIES: Final = (
    "Undistorted copies of the references, marked by orgs, are no records: with them every metric's SRCC would be "
    "higher, .96 instead of .92."
)
OVERSHOOT: Final = 15
"""Realigned DMOS go from a little below 0 to about 112."""


def load_live(info: DatasetInfo, root: Path, folders: tuple[str, ...]) -> QualityDataset:
    """Read a release; UsageError where a table is missing or malformed, or no image is there."""
    tree = Tree(root, info)
    names_file = tree.table("refnames_all.mat")
    (references,) = read_mat(names_file, refnames_all=str)
    scores_file = tree.optional_table("dmos_realigned.mat")
    if scores_file:
        scores, spreads, copies = read_mat(scores_file, dmos_new=float, dmos_std=float, orgs=float)
        notes: tuple[str, ...] = ("Realigned DMOS: some lie a little outside 0 to 100.",)
    else:
        scores_file = tree.table("dmos.mat")
        scores, copies = read_mat(scores_file, dmos=float, orgs=float)
        spreads = np.full(len(scores), np.nan)
        notes = (
            "Without dmos_realigned.mat the DMOS are those before realignment: types are on scales of their own.",
        )
    images = _images(tree, folders, len(references))
    for path, values in (
        (names_file, references),
        (scores_file, scores),
        (scores_file, spreads),
        (scores_file, copies),
    ):
        if len(values) != len(images):
            raise UsageError(f"{path}: {len(values)} values, but {info.title} has {len(images)} images")
    finite(scores[copies == 0], f"{scores_file}: dmos")

    records, left_out = [], []
    for (folder, path), reference, score, spread, copy in zip(
        images, references, scores, spreads, copies, strict=True
    ):
        if copy:
            left_out.append(path)
            continue
        records.append(
            Record(
                dist=path,
                ref=tree.image(f"refimgs/{reference}"),
                distortion=FOLDERS[folder][0],
                target=float(score),
                target_std=float(spread) if np.isfinite(spread) else None,
            )
        )
    return published(info, root, records, notes=notes, left_out=left_out, renamed=tree.renamed)


def _images(tree: Tree, folders: tuple[str, ...], n_listed: int) -> list[tuple[str, Path]]:
    """Folder and path of each image, in the order of the tables.

    Where the tables are not of the published length, a part of the release is there: then they list the images that
    the folders hold.
    """
    numbers = {folder: FOLDERS[folder][1] for folder in folders}
    if sum(numbers.values()) != n_listed:
        held = dict.fromkeys(folders, 0)
        for path in tree.matching(r"img\d+\.bmp"):
            if (folder := path.parent.name.lower()) in held:
                held[folder] = max(held[folder], int(path.stem[3:]))
        if all(held.values()) and sum(held.values()) == n_listed:
            numbers = held
    return [
        (folder, tree.image(f"{folder}/img{number}.bmp"))
        for folder, count in numbers.items()
        for number in range(1, count + 1)
    ]
