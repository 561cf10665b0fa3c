"""What the images of a table may look bad by, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..metrics.causes import CAUSE, CAUSES, CONFIDENCE, METRIC, TOP
from ..tables import Table
from .issue_tables import SEPARATOR
from .records import Score
from .score_tables import output_columns, require_free, row_of

NUMBERS: Final = (METRIC, CONFIDENCE)
"""Columns that hold numbers."""


def columns(table: Table) -> tuple[str, ...]:
    """The table's columns, the score, the likeliest cause, how likely it is, the first few, and ``error``.

    Raises:
        UsageError: if the table has a column of such a name already
    """
    added = (CAUSE, CONFIDENCE, CAUSES)
    require_free(table, added)
    *scored, error = output_columns(table, [METRIC])
    return (*scored, *added, error)


def row(table: Table, score: Score) -> Mapping[str, str]:
    """One output row; nothing but the reason where there is no score.

    Args:
        table: that the score's item is of
        score: by ``METRIC``
    """
    found = score.measurements.get(METRIC)
    first = found.causes[:TOP] if found else ()
    return {
        **row_of(table, [METRIC], score),
        CAUSE: first[0].name if first else "",
        CONFIDENCE: f"{first[0].probability:.4f}" if first else "",
        CAUSES: SEPARATOR.join(f"{each.name} {each.probability:.4f}" for each in first),
    }
