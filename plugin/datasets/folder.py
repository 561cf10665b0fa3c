"""A plain folder of images without scores, such as the 24 Kodak photographs."""

from pathlib import Path

from ..images import images_in
from .layout import published
from .records import DatasetInfo, QualityDataset, Record

INFO = DatasetInfo(
    name="folder",
    title="A folder of images",
    layout="images in one folder",
    target_field="mos",
    target_lower_is_better=False,
    target_range=None,
    target_kind="MOS (none given)",
    notes=("The images have no scores.",),
)


def load(root: Path) -> QualityDataset:
    """Read the images of a folder, not those below it; UsageError where there are none."""
    found = images_in(root)
    return published(
        INFO,
        root,
        (Record(dist=path) for path in found.images),
        name=root.resolve().name,
        notes=(found.note,) if found.note else (),
    )
