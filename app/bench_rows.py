"""How time and memory grow with the number of rows."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ..plugin import tables
from ..plugin.engine import score_tables
from ..plugin.engine.engines import make_engine

_PICTURES: Final = 100
_SIDE: Final = 32


@dataclass(frozen=True)
class Growth:
    """What a table took.

    Args:
        rows: how many it has
        seconds: from files to CSV
        peak_mb: most memory that this process has had so far, in megabytes
    """

    rows: int
    seconds: float
    peak_mb: float


def growth(folder: Path, sizes: Iterable[int], engine: str) -> Iterator[Growth]:
    """Score tables of tiny pictures by PSNR, from files to CSV, the smallest first.

    Args:
        folder: where to put pictures and results
        sizes: numbers of rows
        engine: ``local`` or ``ray``
    """
    rng = np.random.default_rng(0)
    for index in range(_PICTURES):
        Image.fromarray(rng.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)).save(folder / f"{index}.bmp")
    scorer = make_engine(["psnr"], engine, device="cpu")
    for size in sorted(sizes):
        rows = tuple({"dist": f"{row % _PICTURES}.bmp", "ref": f"{row // 25 % _PICTURES}.bmp"} for row in range(size))
        table = tables.Table(folder / "pairs.csv", ("dist", "ref"), rows)
        start = time.perf_counter()
        with score_tables.ScoreWriter(folder / "scores.csv", table, ("psnr",), scorer.describe()) as writer:
            for score in scorer.run(score_tables.items(table)):
                writer.write(score)
        yield Growth(size, time.perf_counter() - start, peak_mb())


def peak_mb() -> float:
    """Most memory that this process has had, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
