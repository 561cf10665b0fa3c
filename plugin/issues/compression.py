"""How strongly a JPEG file is compressed, from its own quantisation tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: ITU-T T.81, tables K.1 (luminance) and K.2 (chrominance), by rows.
# fmt: off
_STANDARD: Final = np.array((
    (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
     14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
     47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99),
))
# fmt: on


def _at(quality: int) -> NDArray[np.int64]:
    """The standard tables at a quality, as libjpeg scales them."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    tables: NDArray[np.int64] = np.clip((_STANDARD * scale + 50) // 100, 1, 255)
    return tables


_TABLES: Final = np.stack([_at(quality) for quality in range(1, 101)])


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> float | None:
    """The quality, 1 to 100, of the standard tables nearest to a file's; None where there are none.

    Args:
        tables: 64 numbers each by rows, luminance as 0 and chrominance as 1, as Pillow gives them
    """
    known = [index for index in (0, 1) if len(tables.get(index, ())) == 64]
    if not known:
        return None
    found = np.array([tables[index] for index in known])
    # By logarithms: a step of 1 beside 2 is as much as one of 50 beside 100.
    apart = np.abs(np.log(_TABLES[:, known]) - np.log(np.maximum(found, 1))).sum(axis=(1, 2))
    return float(apart.argmin() + 1)
