"""SPAQ: 11,125 photographs by 66 smartphones."""

from pathlib import Path

from ..files import number, read_xlsx
from ..layout import Tree, published
from ..records import DatasetInfo, QualityDataset, Record

INFO = DatasetInfo(
    name="spaq",
    title="SPAQ",
    layout="Annotations/MOS and Image attribute scores.xlsx, TestImage/00001.jpg",
    target_field="mos",
    target_lower_is_better=False,
    target_range=(0, 100),
    target_kind="MOS",
    citation=(
        "Y. Fang, H. Zhu, Y. Zeng, K. Ma, Z. Wang, Perceptual Quality Assessment of Smartphone Photography, CVPR "
        "2020, https://github.com/h4nwei/SPAQ"
    ),
    licence="Free for education and research with the authors' notice; commercial use needs their permission.",
    counts={(None, None): 11125},
)


def load(root: Path) -> QualityDataset:
    """Read SPAQ; UsageError where the table is missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    table = tree.table("MOS and Image attribute scores.xlsx")
    records = [
        Record(dist=tree.image(f"TestImage/{row['Image name']}"), target=number(row, "MOS", table, line))
        for line, row in read_xlsx(table, ["Image name", "MOS"])
    ]
    return published(INFO, root, records, renamed=tree.renamed)
