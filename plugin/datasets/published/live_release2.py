"""LIVE release 2: 29 photographs, five types of distortion, 779 distorted images."""

from pathlib import Path

from ..records import DatasetInfo, QualityDataset
from .live import COPIES, FOLDERS, LAYOUT, LICENCE, OVERSHOOT, load_live

INFO = DatasetInfo(
    name="live_release2",
    title="LIVE release 2",
    layout=f"{LAYOUT}, wn/img1.bmp, gblur/img1.bmp, fastfading/img1.bmp",
    target_field="mos",
    target_lower_is_better=True,
    target_range=(0, 100),
    target_kind="DMOS",
    citation=(
        "H. R. Sheikh, Z. Wang, L. Cormack, A. C. Bovik, LIVE Image Quality Assessment Database "
        "Release 2, http://live.ece.utexas.edu/research/quality; H. R. Sheikh, M. F. Sabir, A. C. Bovik, A "
        "statistical evaluation of recent full reference image quality assessment algorithms, IEEE TIP 15(11), 2006"
    ),
    licence=LICENCE,
    counts={
        ("JPEG 2000 compression", None): 169,
        ("JPEG compression", None): 175,
        ("white noise", None): 145,
        ("Gaussian blur", None): 145,
        ("fast fading", None): 145,
    },
    n_references=29,
    n_left_out=203,
    overshoot=OVERSHOOT,
    notes=(COPIES,),
)


def load(root: Path) -> QualityDataset:
    """Read LIVE release 2; UsageError where a table is missing or malformed, or no image is there."""
    return load_live(INFO, root, tuple(FOLDERS))
