"""Which images of a set have which issues: thresholds on measures, and what only the whole set tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .catalogue import ISSUES, UNREADABLE, Thresholds
from .measures import BITS, Measured

#: Images are compared with all others, so many at a time.
_AT_A_TIME: Final = 2048

SAME_PICTURE: Final = 15.0
"""Distance of hashes, in % of bits, below which two images are taken to show the same picture, however distorted."""


@dataclass
class Judgement:
    """What is known of one image of a set.

    Args:
        values: by the measure's name, those of the set included
        issues: names of its issues, in the catalogue's order
        duplicate_of: place in the set of the earlier image that it is a copy of; None if of none
        source: place in the set of the first image that shows the same picture, maybe itself; None if unreadable
    """

    values: dict[str, float] = field(default_factory=dict)
    issues: tuple[str, ...] = ()
    duplicate_of: int | None = None
    source: int | None = None


def judge(measured: Sequence[Measured | None], thresholds: Thresholds) -> list[Judgement]:
    """Judge each image beside all others.

    Of copies of each other the earliest has no issue for it, so that what is left after removing those that have is
    one of each. Time grows with the square of the number of images: each is compared with all.

    Args:
        measured: the images; None for those that cannot be read
        thresholds: where each issue begins, by name
    """
    found = {place: each for place, each in enumerate(measured) if each is not None and each.values}
    copies, near = _copies(found), _compared(found)
    median = np.median([each.values["side"] for each in found.values()]) if found else 0
    grey = [ISSUES["grey"].applies(each.values["colorfulness"], thresholds["grey"]) for each in found.values()]
    grey_is_odd = 2 * sum(grey) < len(found)
    judgements = [Judgement(issues=(UNREADABLE,)) if each is None else Judgement() for each in measured]
    for place, each in found.items():
        ratio = each.values["side"] / median
        alike = copies[each.digest]
        values = {**each.values, "size_ratio": float(max(ratio, 1 / ratio)), "copies": len(alike) - 1}
        has = {name: issue.applies(values.get(issue.measure), thresholds[name]) for name, issue in ISSUES.items()}
        has["grey"] &= grey_is_odd
        has["exact duplicate"] &= alike[0] != place
        earlier = alike[0] if has["exact duplicate"] else None
        has["near duplicate"], source = False, alike[0]
        if nearest := near.get(place):
            values["duplicate_distance"] = nearest.distance
            if earlier is None and nearest.earlier_distance < thresholds["near duplicate"]:
                has["near duplicate"], earlier = True, nearest.earlier
            source = nearest.source
        issues = tuple(name for name, is_so in has.items() if is_so)
        judgements[place] = Judgement(values, issues, earlier, source)
    return judgements


def _copies(found: Mapping[int, Measured]) -> dict[bytes, list[int]]:
    """Places of the images by their pixels."""
    groups: dict[bytes, list[int]] = {}
    for place, each in found.items():
        groups.setdefault(each.digest, []).append(place)
    return groups


@dataclass(frozen=True)
class _Compared:
    """An image beside the others: distances, in % of bits, of the most alike, and the first that shows the same."""

    distance: float
    earlier: int | None
    earlier_distance: float
    source: int


def _compared(found: Mapping[int, Measured]) -> dict[int, _Compared]:
    """By place, of the images that have a hash."""
    hashes = {place: each.signs for place, each in found.items() if each.signs is not None}
    if len(hashes) < 2:
        return {}
    # Slow to import, and most who may judge a set do not.
    from scipy.sparse import csr_array, vstack
    from scipy.sparse.csgraph import connected_components

    places = list(hashes)
    signs = np.unpackbits(np.stack(list(hashes.values())), axis=1).astype(np.float32) * 2 - 1
    nearest, same = [], []
    for start in range(0, len(signs), _AT_A_TIME):
        # Bits that agree less those that differ, exact in float32.
        distances = 50 - 50 / BITS * (signs[start : start + _AT_A_TIME] @ signs.T)
        same.append(csr_array(distances < SAME_PICTURE))
        for index, line in enumerate(distances, start):
            line[index] = np.inf
            before = int(line[:index].argmin()) if index else None
            nearest.append((float(line.min()), before, math.inf if before is None else float(line[before])))
    _, groups = connected_components(vstack(same), directed=False)
    _, first = np.unique(groups, return_index=True)
    return {
        place: _Compared(distance, None if before is None else places[before], earlier, places[first[group]])
        for place, (distance, before, earlier), group in zip(places, nearest, groups, strict=True)
    }
