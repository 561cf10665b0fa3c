"""A part of BIQ2021: 2,000 photographs of its training part, in ``images/``, with ``mos.csv`` (image, mos)."""

from dataclasses import replace
from pathlib import Path

from ..files import number, read_csv
from ..layout import Tree, published
from ..records import QualityDataset, Record
from . import biq2021

INFO = replace(
    biq2021.INFO,
    name="biq2021_train2000",
    title="The subset of BIQ2021",
    layout="mos.csv, images/ss01 (1).jpg",
    counts={(None, None): 2000},
)


def load(root: Path) -> QualityDataset:
    """Read the subset; UsageError where the table is missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    table = tree.table("mos.csv")
    records = [
        Record(dist=tree.image(f"images/{row['image']}"), target=number(row, "mos", table, line), split="training")
        for line, row in read_csv(table, ["image", "mos"])
    ]
    return published(INFO, root, records, renamed=tree.renamed)
