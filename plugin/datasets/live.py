"""What both releases of LIVE have in common: two MATLAB files, and a folder of numbered images a type.

``refnames_all.mat`` names the reference of every image, ``dmos_realigned.mat`` has its DMOS, all types one after the
other. ``orgs`` marks images that are undistorted copies of their reference.
"""

from pathlib import Path
from typing import Final

from ..errors import UsageError
from .files import read_mat
from .layout import Tree, published
from .records import DatasetInfo, QualityDataset, Record

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
    names_file, scores_file = tree.table("refnames_all.mat"), tree.table("dmos_realigned.mat")
    (references,) = read_mat(names_file, "refnames_all")
    scores, spreads, copies = read_mat(scores_file, "dmos_new", "dmos_std", "orgs")
    images = [(folder, index) for folder in folders for index in range(1, FOLDERS[folder][1] + 1)]
    for path, values in (
        (names_file, references),
        (scores_file, scores),
        (scores_file, spreads),
        (scores_file, copies),
    ):
        if len(values) != len(images):
            raise UsageError(f"{path}: {len(values)} values, but {info.title} has {len(images)} images")

    records, left_out = [], []
    for (folder, index), reference, score, spread, copy in zip(
        images, references, scores, spreads, copies, strict=True
    ):
        path = tree.image(f"{folder}/img{index}.bmp")
        if copy:
            left_out.append(path)
            continue
        records.append(
            Record(
                dist=path,
                ref=tree.image(f"refimgs/{reference}"),
                distortion=FOLDERS[folder][0],
                target=float(score),
                target_std=float(spread),
            )
        )
    return published(info, root, records, left_out=left_out, renamed=tree.renamed)
