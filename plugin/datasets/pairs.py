"""A dataset as a table of pairs, for what takes tables."""

from pathlib import Path

from ..tables import Table
from .records import QualityDataset


def to_table(dataset: QualityDataset, path: Path) -> Table:
    """One row an image: its path, and what the dataset says of it; a column that no image has a value of is left out.

    Args:
        dataset: the dataset
        path: the file that the table is for; paths of images are absolute

    Returns:
        columns ``dist``, ``ref``, ``distortion``, ``level``, ``split`` and the target, called as in the dataset, or
        ``dmos`` where that is ``mos`` and lower is better: a column's name says which way it points
    """
    is_difference = dataset.target_field == "mos" and dataset.target_lower_is_better
    target = "dmos" if is_difference else dataset.target_field
    rows = [
        {
            "dist": record.dist.resolve(),
            "ref": record.ref and record.ref.resolve(),
            "distortion": record.distortion,
            "level": record.level,
            "split": record.split,
            target: record.target,
        }
        for record in dataset.records
    ]
    columns = tuple(name for name in rows[0] if any(row[name] is not None for row in rows))
    texts = ({name: "" if row[name] is None else str(row[name]) for name in columns} for row in rows)
    return Table(path, columns, tuple(texts))
