"""LIVE In the Wild (CLIVE): 1,162 authentic photographs by mobile cameras.

Three MATLAB files in ``Data`` list 1,169 images; the first seven taught the viewers the task and lie in
``Images/trainingImages``.
"""

from pathlib import Path

from ...errors import UsageError
from ..files import finite, read_mat
from ..layout import Tree, published
from ..records import DatasetInfo, QualityDataset, Record
from .live import LICENCE

_PRACTICE = 7

INFO = DatasetInfo(
    name="clive",
    title="LIVE In the Wild",
    layout=(
        "Data/AllImages_release.mat, Data/AllMOS_release.mat, Data/AllStdDev_release.mat, Images/3.bmp, "
        "Images/trainingImages/t1.bmp"
    ),
    target_field="mos",
    target_lower_is_better=False,
    target_range=(0, 100),
    target_kind="MOS",
    citation=(
        "D. Ghadiyaram, A. C. Bovik, Massive Online Crowdsourced Study of Subjective and Objective Picture Quality, "
        "IEEE TIP 25(1), 2016; LIVE In the Wild Image Quality Challenge Database, "
        "http://live.ece.utexas.edu/research/ChallengeDB/index.html"
    ),
    licence=LICENCE,
    counts={(None, None): 1162},
    n_left_out=_PRACTICE,
    notes=("The seven images on which viewers practised are no records.",),
)


def load(root: Path) -> QualityDataset:
    """Read LIVE In the Wild; UsageError where a table is missing or malformed, or no image is there."""
    tree = Tree(root, INFO)
    (names,) = read_mat(tree.table("AllImages_release.mat"), AllImages_release=str)
    scores = _numbers(tree.table("AllMOS_release.mat"), "AllMOS_release", len(names))
    spreads_file = tree.optional_table("AllStdDev_release.mat")
    spreads = _numbers(spreads_file, "AllStdDev_release", len(names)) if spreads_file else [None] * len(names)
    # So short a list can only be of a part of the dataset, without them.
    practice = _PRACTICE if len(names) > _PRACTICE else 0
    left_out = [tree.image(f"trainingImages/{name}") for name in names[:practice]]
    records = [
        Record(dist=tree.image(f"Images/{name}"), target=score, target_std=spread)
        for name, score, spread in zip(names[practice:], scores[practice:], spreads[practice:], strict=True)
    ]
    return published(INFO, root, records, left_out=left_out, renamed=tree.renamed)


def _numbers(path: Path, variable: str, n_images: int) -> list[float]:
    (values,) = read_mat(path, **{variable: float})
    if len(values) != n_images:
        raise UsageError(f"{path}: {len(values)} values for {n_images} images")
    return [float(value) for value in finite(values, f"{path}: {variable}")]
