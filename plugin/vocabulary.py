"""Words and defaults that forms, panels and commands share."""

import re
from collections.abc import Collection
from typing import Final

HIGHER: Final = "higher"
LOWER: Final = "lower"
DIRECTIONS: Final = {HIGHER: "Higher is better", LOWER: "Lower is better"}
"""What to call each direction of a score or a target."""

SOURCE: Final = "quality_source"
"""Column and field: the first image of the set that shows the same picture. Stands in where there is no reference."""

NO_BREAKDOWN: Final = "(no breakdown)"
SHOWN: Final = "95 %"
"""Confidence intervals are computed and shown."""

HIDDEN: Final = "none"
"""Confidence intervals are not computed."""

RESAMPLES: Final = 1000
"""Bootstrap resamples, where no other number is asked for."""

_TITLES: Final = {"mos": "MOS", "dmos": "DMOS", "level": "level of distortion"}
_LOWER_WORDS: Final = frozenset({"dmos", "severity"})
_KADID_COLUMNS: Final = frozenset({"dist_img", "ref_img", "dmos"})
"""KADID-10k's own table calls its scores dmos, though higher is better."""


def lower_by_name(target: str, columns: Collection[str] = ()) -> bool:
    """Whether a target's name says that lower is better: level, or dmos or severity, by itself or as a word within.

    Args:
        target: name of a column or field, e.g. "DMOS_realigned"; in any case, words apart by anything but letters
        columns: of its table, by which KADID-10k's is known

    >>> lower_by_name("dmos"), lower_by_name("mos"), lower_by_name("dmos", ["dist_img", "ref_img", "dmos", "var"])
    (True, False, False)
    """
    if target == "dmos" and set(columns) >= _KADID_COLUMNS:
        return False
    return target == "level" or not _LOWER_WORDS.isdisjoint(re.findall("[a-z]+", target.lower()))


def title_of(target: str, kind: str = "") -> str:
    """What to call a target in print, by the name of its column or field; what is called mos or dmos by its kind.

    Args:
        target: the name
        kind: of target, where it is known

    >>> title_of("dmos"), title_of("mos", "DMOS"), title_of("mean_rating")
    ('DMOS', 'DMOS', 'mean rating')
    """
    name = target.lower()
    return kind if kind and name in {"mos", "dmos"} else _TITLES.get(name, target.replace("_", " "))


def direction(lower_is_better: bool) -> str:
    """``HIGHER`` or ``LOWER``."""
    return LOWER if lower_is_better else HIGHER


def disagreement(target: str, lower_is_better: bool) -> str:
    """What to say where every score runs against the target."""
    return f"every score disagrees with {target}, taken as {direction_in_words(lower_is_better)}"


def direction_in_words(lower_is_better: bool) -> str:
    """The direction within a sentence: "higher is better" or "lower is better"."""
    return DIRECTIONS[direction(lower_is_better)].lower()
