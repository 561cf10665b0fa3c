"""BIQ2021: 12,000 authentic photographs, 10,000 for training and 2,000 for testing."""

from pathlib import Path

from .files import number, read_csv
from .layout import Tree, published
from .records import DatasetInfo, QualityDataset, Record

INFO = DatasetInfo(
    name="biq2021",
    title="BIQ2021",
    layout="Train (Images and MOS).csv, Test (Images and MOS).csv, Images/ss01 (1).jpg",
    target_field="mos",
    target_lower_is_better=False,
    target_range=(0, 1),
    target_kind="MOS",
    citation=(
        "N. Ahmed, S. Asif, BIQ2021: a large-scale blind image quality assessment database, Journal of Electronic "
        "Imaging 31(5), 2022, https://github.com/nisarahmedrana/BIQ2021"
    ),
    licence="No licence stated.",
    counts={(None, None): 12000},
)

_PARTS = {"training": "Train (Images and MOS).csv", "test": "Test (Images and MOS).csv"}


def load(root: Path) -> QualityDataset:
    """Read BIQ2021; UsageError where a table is missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    records = [
        Record(dist=tree.image(row["Image Name"]), target=number(row, "MOS", table, line), split=split)
        for split, name in _PARTS.items()
        for table in [tree.table(name)]
        for line, row in enumerate(read_csv(table, ["Image Name", "MOS"]), start=2)
    ]
    return published(INFO, root, records, renamed=tree.renamed)
