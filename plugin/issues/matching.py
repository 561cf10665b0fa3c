"""Which of some originals each of some copies was made from, by what the pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .measures import BITS

FARTHEST: Final = 30.0
"""Distance, in % of bits, from which on nothing is alike: different photographs differ in about half of the bits."""


@dataclass(frozen=True)
class Match:
    """The original of a copy.

    Args:
        original: its index; None where none is alike
        distance: by which the hashes of the two differ, in % of bits
        confidence: how much nearer it is than the next original, 0 (as far as that one) to 1 (no bit differs)
    """

    original: int | None
    distance: float | None
    confidence: float


def match(copies: Sequence[NDArray[np.uint8] | None], originals: Sequence[NDArray[np.uint8] | None]) -> list[Match]:
    """Find the original of each copy.

    Args:
        copies: hashes, see :class:`~.measures.Measured`; None for what has none, which matches nothing
        originals: hashes
    """
    places = [index for index, signs in enumerate(originals) if signs is not None]
    if not places:
        return [Match(None, None, 0.0)] * len(copies)
    candidates = np.unpackbits(np.stack([signs for signs in originals if signs is not None]), axis=1)
    return [Match(None, None, 0.0) if signs is None else _nearest(signs, candidates, places) for signs in copies]


def _nearest(signs: NDArray[np.uint8], candidates: NDArray[np.uint8], places: Sequence[int]) -> Match:
    distances = 100 / BITS * (candidates != np.unpackbits(signs)).sum(axis=1)
    nearest, *others = np.argsort(distances, kind="stable")[:2]
    distance = float(distances[nearest])
    if distance >= FARTHEST:
        return Match(None, distance, 0.0)
    # Alone, an original is compared with one that has nothing in common.
    second = float(distances[others[0]]) if others else 50.0
    return Match(places[nearest], distance, max(0.0, 1 - distance / second) if second else 0.0)
