"""Labels of items: which group or which reference each belongs to."""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Indices = NDArray[np.intp]


def is_missing(label: object) -> bool:
    """Whether a label says nothing: None, "" or NaN."""
    return label is None or label == "" or (isinstance(label, float) and math.isnan(label))


def number_groups(labels: Sequence[object]) -> tuple[Indices, int]:
    """A number for each item, the same for those of one label, and how many there are.

    An item without a label is by itself. Numbered in the order of the labels, not in that of the items.
    """
    names = [("item", f"{i:09}") if is_missing(label) else ("", str(label)) for i, label in enumerate(labels)]
    rank = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([rank[name] for name in names], dtype=np.intp), len(rank)


def cluster_numbers(labels: Sequence[object] | None, n: int) -> Indices:
    """Numbers of n items' clusters; None: each item by itself.

    Raises:
        UsageError: there are not n labels
    """
    if labels is None:
        return np.arange(n)
    if len(labels) != n:
        raise UsageError(f"{len(labels)} cluster labels for {n} targets")
    return number_groups(labels)[0]


def natural_order(label: str) -> list[str | int]:
    """Sort key: digits by their value, letters without case."""
    parts = re.split(r"(\d+)", label)  # text and digits by turns
    return [int(part) if i % 2 else part.lower() for i, part in enumerate(parts)]
