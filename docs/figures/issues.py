"""What issues say of opinion: ``python docs/figures/issues.py ISSUES.csv`` prints it as JSON.

ISSUES.csv is what ``deepmse issues PAIRS.csv -o ISSUES.csv`` writes for a table with the opinions as ``mos``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from deepmse.plugin.engine.issue_tables import FOUND, SEPARATOR
from deepmse.plugin.evaluation import correlate
from deepmse.plugin.issues import ISSUES, PREFIX
from deepmse.plugin.tables import Table, read_table
from deepmse.plugin.vocabulary import SOURCE


def evidence(table: Table) -> dict[str, Any]:
    """By issue: its measure's correlation with opinion and range, and the opinions of images that have it."""
    opinions = np.array(table.numbers("mos"))
    found: dict[str, Any] = {}
    for issue in ISSUES.values():
        values = np.array(table.numbers(PREFIX + issue.measure))
        has = np.array([issue.name in row[FOUND].split(SEPARATOR) for row in table.rows])
        low, high = np.nanpercentile(values, [5, 95])
        found[issue.name] = {
            "srcc": correlate(values, opinions).srcc,
            "low": low,
            "high": high,
            "images": int(has.sum()),
            "opinion": float(opinions[has].mean()) if has.any() else None,
            "others": float(opinions[~has].mean()),
        }
    return found


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
        result |= {"opinion": float(np.mean(read.numbers("mos"))), "issues": evidence(read)}
    print(json.dumps(result, indent=2, allow_nan=False))
