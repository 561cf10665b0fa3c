"""What TID2008 and TID2013 have in common: ``mos_with_names.txt`` and names like ``i03_08_4.bmp``.

The number of the reference, the type of distortion and its level are in the name. Names in the table and on the disk
differ in case, in ``I`` as well as in ``BMP``.
"""

import re
from pathlib import Path

from ...errors import UsageError
from ..files import number, read_lines
from ..layout import Tree, published
from ..records import DatasetInfo, QualityDataset, Record

DISTORTIONS = (
    "additive Gaussian noise",
    "noise stronger in colour than in luminance",
    "spatially correlated noise",
    "masked noise",
    "high-frequency noise",
    "impulse noise",
    "quantisation noise",
    "Gaussian blur",
    "image denoising",
    "JPEG compression",
    "JPEG 2000 compression",
    "JPEG transmission errors",
    "JPEG 2000 transmission errors",
    "non-eccentricity pattern",
    "local block-wise distortion",
    "mean shift",
    "contrast change",
    "colour saturation change",
    "multiplicative noise",
    "comfort noise",
    "lossy compression of noisy image",
    "colour quantisation with dither",
    "chromatic aberrations",
    "sparse sampling and reconstruction",
)
"""Types 1 to 24 of TID2013; TID2008 has the first 17."""

LICENCE = (
    "Free for education and research with the authors' notice; not to be modified without their permission "
    "(see the readme)."
)
LAYOUT = "mos_with_names.txt, mos_std.txt, reference_images/I01.BMP, distorted_images/i01_01_1.bmp"


def load_tid(info: DatasetInfo, root: Path) -> QualityDataset:
    """Read one of the two; UsageError where the table is missing or malformed, or no image is there."""
    tree = Tree(root, info)
    table = tree.table("mos_with_names.txt")
    rows = list(read_lines(table))
    spreads = _spreads(tree, len(rows))
    return published(
        info,
        root,
        (_record(info, tree, table, line, fields, std) for (line, fields), std in zip(rows, spreads, strict=True)),
        renamed=tree.renamed,
    )


def _record(info: DatasetInfo, tree: Tree, table: Path, line: int, fields: list[str], std: float | None) -> Record:
    name = fields[-1]
    match = re.fullmatch(r"(i\d\d)_(\d\d)_(\d)\.bmp", name, re.IGNORECASE)
    if len(fields) != 2 or match is None or not 1 <= int(match[2]) <= len(DISTORTIONS):
        raise UsageError(
            f"{table}, line {line}: expected a score and a name like i01_01_1.bmp, not {' '.join(fields)}"
        )
    distortion, level = DISTORTIONS[int(match[2]) - 1], int(match[3])
    if (distortion, level) not in info.counts:
        raise UsageError(f"{table}, line {line}: {info.title} has no {name}")
    return Record(
        dist=tree.image(name),
        ref=tree.image(f"{match[1]}.bmp"),
        distortion=distortion,
        level=level,
        target=number({"the score": fields[0]}, "the score", table, line),
        target_std=std,
    )


def _spreads(tree: Tree, n: int) -> list[float] | list[None]:
    """Standard deviations in the order of the scores; Nones where the copy has no file of them."""
    path = tree.optional_table("mos_std.txt")
    if path is None:
        return [None] * n
    values = [number({"the deviation": fields[0]}, "the deviation", path, line) for line, fields in read_lines(path)]
    if len(values) != n:
        raise UsageError(f"{path}: {len(values)} values for {n} scores")
    return values
