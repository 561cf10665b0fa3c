"""How many images have issues, and how far apart copies are: ``python docs/figures/issues.py ISSUES.csv`` as JSON.

ISSUES.csv is what ``deepmse issues PAIRS.csv -o ISSUES.csv`` writes for a table with the opinions as ``mos``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from deepmse.plugin.engine.issue_tables import FOUND
from deepmse.plugin.issues import ISSUES, PREFIX
from deepmse.plugin.tables import Table, read_table
from deepmse.plugin.vocabulary import SOURCE


def sources(table: Table) -> dict[str, Any]:
    """How many images have an issue or show another's picture, and how far apart copies and others are."""
    pictures = Counter(row[SOURCE] for row in table.rows if row[SOURCE])
    distances = np.array(table.numbers(f"{PREFIX}duplicate_distance"))
    copies = distances < ISSUES["near duplicate"].threshold
    return {
        "images": len(table.rows),
        "flagged": sum(bool(row[FOUND]) for row in table.rows),
        "joined": sum(number for number in pictures.values() if number > 1),
        "copies_at_most": float(distances[copies].max()) if copies.any() else None,
        "others_at_least": float(np.nanmin(distances[~copies])),
    }


if __name__ == "__main__":
    read = read_table(Path(sys.argv[1]))
    result = sources(read)
    if "mos" in read.columns:
        result["opinion"] = float(np.mean(read.numbers("mos")))
    print(json.dumps(result, indent=2, allow_nan=False))
