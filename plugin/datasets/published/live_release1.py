"""LIVE release 1: 29 photographs, JPEG 2000 and JPEG, 344 distorted images."""

from pathlib import Path

from ..records import DatasetInfo, QualityDataset
from .live import COPIES, LAYOUT, LICENCE, OVERSHOOT, load_live

INFO = DatasetInfo(
    name="live_release1",
    title="LIVE release 1",
    layout=LAYOUT,
    target_field="mos",
    target_lower_is_better=True,
    target_range=(0, 100),
    target_kind="DMOS",
    citation=(
        "H. R. Sheikh, Z. Wang, L. Cormack, A. C. Bovik, LIVE Image Quality Assessment Database, 2003, "
        "http://live.ece.utexas.edu/research/quality"
    ),
    licence=LICENCE,
    counts={("JPEG 2000 compression", None): 169, ("JPEG compression", None): 175},
    n_references=29,
    n_left_out=116,
    overshoot=OVERSHOOT,
    notes=(COPIES,),
)


def load(root: Path) -> QualityDataset:
    """Read LIVE release 1; UsageError where a table is missing or malformed, or no image is there."""
    return load_live(INFO, root, ("jp2k", "jpeg"))
