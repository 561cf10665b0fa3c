"""PIPAL: 200 patches, each in 116 versions that restoration algorithms and distortions made of it; the labelled part.

``Train_Label/A0001.txt`` has a line ``A0001_03_14.bmp,1437.08`` for each version; the second field of the name is the
class of distortion.
"""

import re
from pathlib import Path

from ...errors import UsageError
from ..files import number, read_lines
from ..layout import Tree, expected_layout, published
from ..records import DatasetInfo, QualityDataset, Record

_CLASSES = (
    ("traditional super-resolution", 12),
    ("PSNR-oriented super-resolution", 16),
    ("super-resolution with kernel mismatch", 10),
    ("GAN-based super-resolution", 24),
    ("denoising", 13),
    ("super-resolution and denoising", 14),
    ("traditional distortions", 27),
)
"""Name and number of versions of each class."""

_REFERENCES = 200

INFO = DatasetInfo(
    name="pipal",
    title="PIPAL",
    layout="Train_Label/A0001.txt, Train_Ref/A0001.bmp, Distortion_1/A0001_00_00.bmp (or Train_Dist)",
    target_field="mos",
    target_lower_is_better=False,
    target_range=(900, 1850),
    target_kind="Elo rating",
    citation=(
        "J. Gu, H. Cai, H. Chen, X. Ye, J. S. Ren, C. Dong, PIPAL: a Large-Scale Image Quality Assessment Dataset "
        "for Perceptual Image Restoration, ECCV 2020, https://www.jasongt.com/projectpages/pipal.html"
    ),
    licence="See the authors' page.",
    counts={(name, None): _REFERENCES * versions for name, versions in _CLASSES},
    n_references=_REFERENCES,
    sizes=((288, 288),),
    overshoot=100,
    notes=(
        "The release numbers the classes of distortion without naming them; the names are those of the paper's table "
        "whose numbers of versions are the same.",
        "Elo ratings have no fixed scale; the range is about that of the published ones.",
    ),
)


def load(root: Path) -> QualityDataset:
    """Read PIPAL's training part; UsageError where labels are missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    tables = tree.matching(r"A\d{4}\.txt")
    if not tables:
        raise UsageError(f"{root}: no labels A0001.txt; {expected_layout(INFO)}")
    records = [_record(tree, table, line, fields) for table in tables for line, fields in read_lines(table, ",")]
    return published(INFO, root, records, renamed=tree.renamed)


def _record(tree: Tree, table: Path, line: int, fields: list[str]) -> Record:
    match = re.fullmatch(r"(A\d{4})_(\d\d)_\d\d\.bmp", fields[0], re.IGNORECASE)
    if len(fields) != 2 or match is None or int(match[2]) >= len(_CLASSES):
        raise UsageError(f"{table}, line {line}: expected A0001_00_00.bmp,1500.0, not {','.join(fields)}")
    return Record(
        dist=tree.image(fields[0]),
        ref=tree.image(f"{match[1]}.bmp"),
        distortion=_CLASSES[int(match[2])][0],
        target=number({"the rating": fields[1]}, "the rating", table, line),
        split="training",
    )
