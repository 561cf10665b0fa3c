"""Any dataset as a CSV file: a row an image.

Columns: ``dist`` and any of ``ref``, ``distortion``, ``category``, ``level``, ``split`` and one target, ``mos`` or
``dmos``, with its ``mos_std`` or ``dmos_std``. Where there is none, ``level`` is the target. Paths start at the
folder of the file.
"""

from dataclasses import replace
from pathlib import Path

from ..errors import UsageError
from .files import number, read_csv
from .layout import published
from .records import DatasetInfo, QualityDataset, Record

MANIFEST = "manifest.csv"

INFO = DatasetInfo(
    name="csv",
    title="A CSV file",
    layout=f"{MANIFEST} with the column dist, and any of ref, distortion, category, level, split, mos or dmos",
    target_field="mos",
    target_lower_is_better=False,
    target_range=None,
    target_kind="MOS",
)

_TARGETS = {
    "mos": INFO,
    "dmos": replace(INFO, target_lower_is_better=True, target_kind="DMOS"),
    "level": replace(
        INFO, target_field="level", target_lower_is_better=True, target_kind="severity (not an opinion score)"
    ),
}
_UNSCORED = replace(INFO, target_kind="MOS (none given)", notes=("The images have no scores.",))


def load(root: Path) -> QualityDataset:
    """Read a CSV file, or the ``manifest.csv`` of a folder.

    Raises:
        UsageError: the file is missing, lacks the column ``dist``, has both mos and dmos or a malformed value, or no
            image is there
    """
    table = root / MANIFEST if root.is_dir() else root
    rows = read_csv(table, ["dist"])
    columns = rows[0][1].keys() if rows else ()
    if {"mos", "dmos"} <= set(columns):
        raise UsageError(f"{table}: both mos and dmos; leave the one that metrics are to be compared with")
    target = next((name for name in _TARGETS if name in columns), None)
    records = [_record(table, line, row, target) for line, row in rows]
    return published(
        _TARGETS[target] if target else _UNSCORED,
        table,
        records,
        name=table.resolve().parent.name if table.name == MANIFEST else table.stem,
    )


def _record(table: Path, line: int, row: dict[str, str], target: str | None) -> Record:
    def value(column: str | None) -> float | None:
        return number(row, column, table, line) if column and row.get(column) else None

    level = value("level")
    if level is not None and not level.is_integer():
        raise UsageError(f"{table}, line {line}: level is {row['level']}, not a whole number")
    return Record(
        dist=table.parent / row["dist"],
        ref=table.parent / row["ref"] if row.get("ref") else None,
        distortion=row.get("distortion") or None,
        level=None if level is None else int(level),
        target=value(target),
        target_std=value(f"{target}_std"),
        category=row.get("category") or None,
        split=row.get("split") or None,
    )
