"""KADID-10k: 81 photographs, 25 types of distortion at five levels.

``dmos.csv`` has ``dist_img,ref_img,dmos,var``; type and level are in the name, ``I01_24_05.png``. In the published
file ``var`` is no variance: it is the standard deviation of 30 ratings.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...errors import UsageError
from ..files import number, read_csv
from ..layout import Tree, published
from ..records import DatasetInfo, QualityDataset, Record
from ..synthesis.distortions import DISTORTIONS

_TYPES = tuple(distortion.title for distortion in DISTORTIONS.values())
"""Types 1 to 25."""

_RATINGS = 30

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
    counts={(distortion, level): 81 for distortion in _TYPES for level in range(1, 6)},
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
    rows = read_csv(table, ["dist_img", "ref_img", "dmos"])
    records = [_record(tree, table, line, row) for line, row in rows]
    if all(each.target_std is None for each in records):
        notes: tuple[str, ...] = ()
    elif _are_deviations(records):
        notes = ("What the table calls var is the standard deviation of the ratings.",)
    else:
        notes = ("The table's var is taken for the variance of the ratings: their deviation is its root.",)
        records = [replace(each, target_std=each.target_std and math.sqrt(each.target_std)) for each in records]
    return published(INFO, root, records, notes=notes, renamed=tree.renamed)


def _record(tree: Tree, table: Path, line: int, row: dict[str, str]) -> Record:
    """The record of a row, with its ``var`` as it is for the deviation."""
    match = re.fullmatch(r"I\d\d_(\d\d)_(\d\d)\.png", row["dist_img"], re.IGNORECASE)
    if match is None or not 1 <= int(match[1]) <= len(_TYPES):
        raise UsageError(f"{table}, line {line}: expected a name like I01_01_01.png, not {row['dist_img']!r}")
    spread = number(row, "var", table, line) if row.get("var") else None
    if spread is not None and spread < 0:
        raise UsageError(f"{table}, line {line}: var is {row['var']}, but no variance is negative")
    return Record(
        dist=tree.image(row["dist_img"]),
        ref=tree.image(row["ref_img"]),
        distortion=_TYPES[int(match[1]) - 1],
        level=int(match[2]),
        target=number(row, "dmos", table, line),
        target_std=spread,
    )


def _are_deviations(records: Iterable[Record]) -> bool:
    """Whether the spreads are standard deviations of 30 whole ratings of those means, to the published decimals.

    Only then is the sum of the squared ratings, 30·(mean² + deviation²), a whole number for each image.
    """
    fits = []
    for record in records:
        if record.target is not None and record.target_std is not None:
            total = round(_RATINGS * record.target)
            squares = total**2 / _RATINGS + _RATINGS * record.target_std**2
            rounding = _RATINGS * record.target_std * 0.001 + 1e-6
            fits.append(abs(squares - round(squares)) <= rounding)
    return sum(fits) > 0.9 * len(fits)
