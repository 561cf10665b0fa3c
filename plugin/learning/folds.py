"""Cross-validation needs labels enough, of more than one reference. Loads no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..errors import UsageError
from ..evaluation.labels import number_groups

#: Fewer labels than this say next to nothing.
FEWEST: Final = 20

FOLDS: Final = 5


def number_of_folds(references: Sequence[str | None]) -> int:
    """``FOLDS``, or as many as there are references.

    Args:
        references: of each image; None by itself

    Raises:
        UsageError: if there are too few images, or all have the same one
    """
    if len(references) < FEWEST:
        raise UsageError(f"{len(references)} labelled images are too few to learn from; label {FEWEST} or more")
    _, number = number_groups(references)
    if number < 2:
        raise UsageError(f"all labels are of copies of {references[0]}: no other is left to validate a model on")
    return min(FOLDS, number)
