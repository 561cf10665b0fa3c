"""BIQ2021: 12,000 authentic photographs, 10,000 for training and 2,000 for testing."""

from pathlib import Path

from ...errors import UsageError
from ..files import number, read_csv
from ..layout import Tree, expected_layout, published
from ..records import DatasetInfo, QualityDataset, Record

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
    """Read BIQ2021 or one of its parts; UsageError where a table is malformed, or no table or no image is there."""
    tree = Tree(root, INFO)
    tables = {split: table for split, name in _PARTS.items() if (table := tree.optional_table(name))}
    if not tables:
        raise UsageError(f"{root}: neither {' nor '.join(_PARTS.values())}; {expected_layout(INFO)}")
    records = [
        Record(dist=tree.image(row["Image Name"]), target=number(row, "MOS", table, line), split=split)
        for split, table in tables.items()
        for line, row in read_csv(table, ["Image Name", "MOS"])
    ]
    absent = [name for split, name in _PARTS.items() if split not in tables]
    notes = tuple(f"Without {name} its images are left out." for name in absent)
    return published(INFO, root, records, notes=notes, renamed=tree.renamed)
