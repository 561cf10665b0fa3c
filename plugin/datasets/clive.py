"""LIVE In the Wild (CLIVE): 1,162 authentic photographs by mobile cameras.

Three MATLAB files in ``Data`` list 1,169 images; the first seven taught the viewers the task and lie in
``Images/trainingImages``.
"""

from pathlib import Path

from ..errors import UsageError
from .files import read_mat
from .layout import Tree, published
from .live import LICENCE
from .records import DatasetInfo, QualityDataset, Record

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
    variables = ("AllImages_release", "AllMOS_release", "AllStdDev_release")
    tables = [tree.table(f"{variable}.mat") for variable in variables]
    names, scores, spreads = (read_mat(path, name)[0] for path, name in zip(tables, variables, strict=True))
    for path, values in zip(tables[1:], (scores, spreads), strict=True):
        if len(values) != len(names):
            raise UsageError(f"{path}: {len(values)} values for {len(names)} images")
    records = [
        Record(dist=tree.image(f"Images/{name}"), target=float(score), target_std=float(spread))
        for name, score, spread in zip(names[_PRACTICE:], scores[_PRACTICE:], spreads[_PRACTICE:], strict=True)
    ]
    left_out = [tree.image(f"trainingImages/{name}") for name in names[:_PRACTICE]]
    return published(INFO, root, records, left_out=left_out, renamed=tree.renamed)
