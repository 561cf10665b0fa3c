"""KADID-10k: 81 photographs, 25 types of distortion at five levels.

``dmos.csv`` has ``dist_img,ref_img,dmos,var``; type and level are in the name, ``I01_24_05.png``.
"""

import math
import re
from pathlib import Path

from ..errors import UsageError
from .files import number, read_csv
from .layout import Tree, published
from .records import DatasetInfo, QualityDataset, Record

DISTORTIONS = (
    "Gaussian blur",
    "lens blur",
    "motion blur",
    "colour diffusion",
    "colour shift",
    "colour quantisation",
    "colour saturation change in HSV",
    "colour saturation change in Lab",
    "JPEG 2000 compression",
    "JPEG compression",
    "white noise",
    "white noise in colour component",
    "impulse noise",
    "multiplicative noise",
    "image denoising",
    "brightening",
    "darkening",
    "mean shift",
    "jitter",
    "non-eccentricity pattern",
    "pixelation",
    "quantisation",
    "colour blocks",
    "oversharpening",
    "contrast change",
)
"""Types 1 to 25."""

INFO = DatasetInfo(
    name="kadid10k",
    title="KADID-10k",
    layout="dmos.csv, images/I01.png, images/I01_01_01.png",
    target_field="mos",
    target_lower_is_better=False,
    target_range=(1, 5),
    target_kind="mean of degradation category ratings",
    citation=(
        "H. Lin, V. Hosu, D. Saupe, KADID-10k: A Large-scale Artificially Distorted IQA Database, QoMEX 2019, "
        "http://database.mmsp-kn.de/kadid-10k-database.html"
    ),
    licence="The undistorted photographs come from pixabay.com under its licence; the authors' page says the rest.",
    counts={(distortion, level): 81 for distortion in DISTORTIONS for level in range(1, 6)},
    n_references=81,
    sizes=((512, 384),),
    notes=(
        "The scores are called dmos, but higher is better: taken for a DMOS, every correlation changes its sign.",
        "Mean shift and contrast change run from one direction to the other: their level is no order of quality.",
    ),
)


def load(root: Path) -> QualityDataset:
    """Read KADID-10k; UsageError where the table is missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    table = tree.table("dmos.csv")
    rows = read_csv(table, ["dist_img", "ref_img", "dmos", "var"])
    records = (_record(tree, table, line, row) for line, row in enumerate(rows, start=2))
    return published(INFO, root, records, renamed=tree.renamed)


def _record(tree: Tree, table: Path, line: int, row: dict[str, str]) -> Record:
    match = re.fullmatch(r"I\d\d_(\d\d)_(\d\d)\.png", row["dist_img"], re.IGNORECASE)
    if match is None or not 1 <= int(match[1]) <= len(DISTORTIONS):
        raise UsageError(f"{table}, line {line}: expected a name like I01_01_01.png, not {row['dist_img']!r}")
    variance = number(row, "var", table, line)
    if variance < 0:
        raise UsageError(f"{table}, line {line}: var is {row['var']}, but a variance is not negative")
    return Record(
        dist=tree.image(row["dist_img"]),
        ref=tree.image(row["ref_img"]),
        distortion=DISTORTIONS[int(match[1]) - 1],
        level=int(match[2]),
        target=number(row, "dmos", table, line),
        target_std=math.sqrt(variance),
    )
