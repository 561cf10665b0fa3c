"""Cross-validated scores as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ...tables import Table, write_table
from .training import Array, CrossValidation

COLUMNS: Final = ("dist", "opinion", "score", "score_std")
"""Path; opinion and score, 0 to 100, higher is better; standard deviation of an opinion about the score."""


def write_validation(out: Path, paths: Sequence[Path], opinions: Array, validation: CrossValidation) -> None:
    """Write what models said of images that they did not learn from.

    Args:
        out: file, of a format by its suffix
        paths: of N images
        opinions: theirs, 0 to 100, (N,)
        validation: of the same images, in their order

    Raises:
        OutputError: if the file cannot be written
    """
    numbers = zip(opinions, validation.scores, validation.deviations, strict=True)
    rows = [
        dict(zip(COLUMNS, (str(path), *(f"{number:.9g}" for number in of_image)), strict=True))
        for path, of_image in zip(paths, numbers, strict=True)
    ]
    write_table(out, Table(out, COLUMNS, tuple(rows)), COLUMNS[1:])
