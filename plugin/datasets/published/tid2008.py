"""TID2008: 25 photographs, 17 types of distortion at four levels."""

from pathlib import Path

from ..records import DatasetInfo, QualityDataset
from .tid import DISTORTIONS, LAYOUT, LICENCE, load_tid

INFO = DatasetInfo(
    name="tid2008",
    title="TID2008",
    layout=LAYOUT,
    target_field="mos",
    target_lower_is_better=False,
    target_range=(0, 9),
    target_kind="MOS",
    citation=(
        "N. Ponomarenko, V. Lukin, A. Zelensky, K. Egiazarian, M. Carli, F. Battisti, TID2008 - A Database for "
        "Evaluation of Full-Reference Visual Quality Assessment Metrics, Advances of Modern Radioelectronics 10, "
        "2009, http://www.ponomarenko.info/tid2008.htm"
    ),
    licence=LICENCE,
    counts={(distortion, level): 25 for distortion in DISTORTIONS[:17] for level in range(1, 5)},
    n_references=25,
    sizes=((512, 384),),
)


def load(root: Path) -> QualityDataset:
    """Read TID2008; UsageError where the table is missing or malformed, or no image is there."""
    return load_tid(INFO, root)
