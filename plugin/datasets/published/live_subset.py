"""A part of LIVE release 2: 4 references, 79 distorted images of four types, with realigned DMOS.

Layout: ``dmos.csv`` (dist_img, ref_img, distortion, dmos, dmos_std), images in ``dist/`` and ``ref/``.
"""

from dataclasses import replace
from pathlib import Path

from ...errors import UsageError
from ..files import number, read_csv
from ..layout import Tree, published
from ..records import QualityDataset, Record
from . import live_release2
from .live import FOLDERS

INFO = replace(
    live_release2.INFO,
    name="live_subset",
    title="The subset of LIVE release 2",
    layout="dmos.csv, ref/buildings.png, dist/buildings_wn_img1.png",
    counts={
        ("JPEG compression", None): 21,
        ("white noise", None): 20,
        ("Gaussian blur", None): 19,
        ("fast fading", None): 19,
    },
    n_references=4,
    n_left_out=0,
    notes=("Realigned DMOS: the worst images lie a little above 100.",),
)


def load(root: Path) -> QualityDataset:
    """Read the subset; UsageError names the folder, file, column or value that is missing or malformed."""
    tree = Tree(root, INFO)
    table = tree.table("dmos.csv")
    rows = read_csv(table, ["dist_img", "ref_img", "distortion", "dmos", "dmos_std"])
    records = [_record(tree, table, line, row) for line, row in rows]
    return published(INFO, root, records, renamed=tree.renamed)


def _record(tree: Tree, table: Path, line: int, row: dict[str, str]) -> Record:
    if row["distortion"] not in FOLDERS:
        raise UsageError(f"{table}, line {line}: {row['distortion']!r} is none of the types {', '.join(FOLDERS)}")
    return Record(
        dist=tree.image(f"dist/{row['dist_img']}"),
        ref=tree.image(f"ref/{row['ref_img']}"),
        distortion=FOLDERS[row["distortion"]][0],
        target=number(row, "dmos", table, line),
        target_std=number(row, "dmos_std", table, line),
    )
