"""CSIQ: 30 photographs, six types of distortion at three to five levels.

``csiq.DMOS.xlsx`` has a sheet ``all_by_image`` with a header in row 4, from column D. The image ``1600`` is a number
there, and types are called otherwise than in the images' names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ..files import number, read_xlsx
from ..layout import Tree, published
from ..records import DatasetInfo, QualityDataset, Record

_TYPES = {
    "noise": ("white noise", "AWGN"),
    "blur": ("Gaussian blur", "BLUR"),
    "contrast": ("contrast loss", "contrast"),
    "fnoise": ("pink noise", "fnoise"),
    "jpeg": ("JPEG compression", "JPEG"),
    "jpeg 2000": ("JPEG 2000 compression", "jpeg2000"),
}
"""Names in words and in files, by those in the table."""

INFO = DatasetInfo(
    name="csiq",
    title="CSIQ",
    layout="csiq.DMOS.xlsx, src_imgs/1600.png, dst_imgs/awgn/1600.AWGN.1.png",
    target_field="mos",
    target_lower_is_better=True,
    target_range=(0, 1),
    target_kind="DMOS",
    citation=(
        "E. C. Larson, D. M. Chandler, Most apparent distortion: full-reference image quality assessment and the "
        "role of strategy, Journal of Electronic Imaging 19(1), 2010"
    ),
    licence="No licence stated; the authors ask for the citation.",
    counts={
        **{(name, level): 30 for name, _ in _TYPES.values() for level in range(1, 6) if name != "contrast loss"},
        **{("contrast loss", level): 30 for level in range(1, 4)},
        ("contrast loss", 4): 26,
    },
    n_references=30,
    sizes=((512, 512),),
    notes=(
        "866 images; 750 without those of contrast loss, on which metrics do worst: results for the one "
        "are not comparable with results for the other.",
    ),
)


def load(root: Path) -> QualityDataset:
    """Read CSIQ; UsageError where the table is missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    table = tree.table("csiq.DMOS.xlsx")
    rows = read_xlsx(table, ["image", "dst_type", "dst_lev", "dmos_std", "dmos"], sheet="all_by_image")
    records = [_record(tree, table, line, row) for line, row in rows]
    return published(INFO, root, records, renamed=tree.renamed)


def _record(tree: Tree, table: Path, line: int, row: Mapping[str, Any]) -> Record:
    if row["dst_type"] not in _TYPES:
        raise UsageError(f"{table}, row {line}: {row['dst_type']!r} is none of the types {', '.join(_TYPES)}")
    distortion, part = _TYPES[row["dst_type"]]
    level = int(number(row, "dst_lev", table, line))
    return Record(
        dist=tree.image(f"{row['image']}.{part}.{level}.png"),
        ref=tree.image(f"{row['image']}.png"),
        distortion=distortion,
        level=level,
        target=number(row, "dmos", table, line),
        target_std=number(row, "dmos_std", table, line),
    )
