"""TID2013: 25 photographs, 24 types of distortion at five levels."""

from pathlib import Path

from ..records import DatasetInfo, QualityDataset
from .tid import DISTORTIONS, LAYOUT, LICENCE, load_tid

INFO = DatasetInfo(
    name="tid2013",
    title="TID2013",
    layout=LAYOUT,
    target_field="mos",
    target_lower_is_better=False,
    target_range=(0, 9),
    target_kind="MOS",
    citation=(
        "N. Ponomarenko, L. Jin, O. Ieremeiev, V. Lukin, K. Egiazarian, J. Astola, B. Vozel, K. Chehdi, M. Carli, "
        "F. Battisti, C.-C. Jay Kuo, Image database TID2013: Peculiarities, results and perspectives, Signal "
        "Processing: Image Communication 30, 2015, http://www.ponomarenko.info/tid2013.htm"
    ),
    licence=LICENCE,
    counts={(distortion, level): 25 for distortion in DISTORTIONS for level in range(1, 6)},
    n_references=25,
    sizes=((512, 384),),
)


def load(root: Path) -> QualityDataset:
    """Read TID2013; UsageError where the table is missing or malformed, or no image is there."""
    return load_tid(INFO, root)
