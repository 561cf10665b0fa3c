"""What can be wrong with an image besides its opinion score: measures with units, thresholds, duplicates.

Pixels in, numbers out. A measure is of one image; what only a set tells (size beside the others, duplicates, grey
among colour) is in :mod:`.judging`.
"""

from .catalogue import ISSUES, MEASURES, PREFIX, UNREADABLE, Issue, Measure, Thresholds, thresholds_with
from .judging import Judgement, judge
from .measures import Measured, measure

__all__ = [
    "ISSUES",
    "MEASURES",
    "PREFIX",
    "UNREADABLE",
    "Issue",
    "Judgement",
    "Measure",
    "Measured",
    "Thresholds",
    "judge",
    "measure",
    "thresholds_with",
]
