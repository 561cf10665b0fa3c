"""A plain folder of images without scores, such as the 24 Kodak photographs."""

from pathlib import Path

from .files import require_folder
from .layout import images_in, published
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
    require_folder(root)
    return published(INFO, root, (Record(dist=path) for path in images_in(root)), name=root.resolve().name)
