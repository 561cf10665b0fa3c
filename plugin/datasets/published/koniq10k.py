"""KonIQ-10k: 10,073 authentic photographs in two resolutions.

``koniq10k_distributions_sets.csv`` has MOS, from z-scores on 0 to 100, and the authors' split. The older
``koniq10k_scores_and_distributions.csv`` calls the same values MOS_zscore and has no split; its MOS is on 1 to 5.
"""

from pathlib import Path

from ...errors import UsageError
from ..files import number, read_csv
from ..layout import Tree, expected_layout, published
from ..records import DatasetInfo, QualityDataset, Record

INFO = DatasetInfo(
    name="koniq10k",
    title="KonIQ-10k",
    layout=(
        "koniq10k_distributions_sets.csv or koniq10k_scores_and_distributions.csv, 1024x768/*.jpg or 512x384/*.jpg"
    ),
    target_field="mos",
    target_lower_is_better=False,
    target_range=(0, 100),
    target_kind="MOS from z-scores",
    citation=(
        "V. Hosu, H. Lin, T. Sziranyi, D. Saupe, KonIQ-10k: An Ecologically Valid Database for Deep Learning of "
        "Blind Image Quality Assessment, IEEE TIP 29, 2020, http://database.mmsp-kn.de/koniq-10k-database.html"
    ),
    licence="The photographs come from Flickr under their authors' Creative Commons licences.",
    counts={(None, None): 10073},
    sizes=((1024, 768), (512, 384)),
    notes=("The published standard deviations are on the scale 1 to 5, not on that of the MOS, and are left out.",),
)

_SETS = "koniq10k_distributions_sets.csv"
_SCORES = "koniq10k_scores_and_distributions.csv"


def load(root: Path) -> QualityDataset:
    """Read KonIQ-10k; UsageError where the table is missing or malformed, or no image is there.

    Where both resolutions are there, the larger, which the viewers saw, is read.
    """
    tree = Tree(root, INFO)
    table, column, parts = tree.optional_table(_SETS), "MOS", ["set"]
    if table is None:
        table, column, parts = tree.optional_table(_SCORES), "MOS_zscore", []
    if table is None:
        raise UsageError(f"{root}: neither {_SETS} nor {_SCORES}; {expected_layout(INFO)}")
    rows = read_csv(table, ["image_name", column, *parts])
    folder = _resolution(tree, rows)
    records = [
        Record(
            dist=tree.image(f"{folder}{row['image_name']}"),
            target=number(row, column, table, line),
            split=(row["set"] or None) if parts else None,
        )
        for line, row in rows
    ]
    notes = (f"The images are those of {folder.rstrip('/')} pixels.",) if folder else ()
    if not parts:
        notes = (*notes, f"Without {_SETS} the authors' split is not known.")
    return published(INFO, root, records, notes=notes, renamed=tree.renamed)


def _resolution(tree: Tree, rows: list[tuple[int, dict[str, str]]]) -> str:
    """The folder of the larger images that are there, ending in a slash; empty where it is called otherwise."""
    for folder in ("1024x768/", "512x384/"):
        if any(tree.find(f"{folder}{row['image_name']}") for _, row in rows):
            return folder
    return ""
