"""A plain folder of images without scores, such as the 24 Kodak photographs."""

from pathlib import Path

from ..errors import UsageError
from ..images import NO_IMAGE, images_below
from .layout import published
from .records import DatasetInfo, QualityDataset, Record

INFO = DatasetInfo(
    name="folder",
    title="A folder of images",
    layout="images in a folder and those below it",
    target_field="mos",
    target_lower_is_better=False,
    target_range=None,
    target_kind="MOS (none given)",
    notes=("The images have no scores.",),
)


def load(root: Path) -> QualityDataset:
    """Read the images of a folder and of those below it; UsageError where there are none."""
    found = images_below(root)
    if not found.images:
        raise UsageError(f"{root}: {NO_IMAGE}")
    return published(
        INFO,
        root,
        (Record(dist=path) for path in found.images),
        name=root.resolve().name,
        notes=(found.note,) if found.note else (),
    )
