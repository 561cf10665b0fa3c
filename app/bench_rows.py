"""How time and memory grow with the number of rows."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
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
        per_second: rows, those beyond the table before in the time that they took more: without what a run takes
            however short it is; None if they took no more
        peak_mb: most memory that this process has had so far, in megabytes
    """

    rows: int
    seconds: float
    per_second: float | None
    peak_mb: float


def growth(
    folder: Path, sizes: Iterable[int], engine: str, metrics: Sequence[str], pairs: tables.Table | None = None
) -> Iterator[Growth]:
    """Score tables of more and more rows, from files to CSV, the smallest first.

    Args:
        folder: where to put pictures and results
        sizes: numbers of rows
        engine: ``local`` or ``ray``
        metrics: what to compute
        pairs: what the tables repeat; None for tiny pictures
    """
    pairs = pairs or _tiny(folder)
    scorer = make_engine(metrics, engine, device="cpu")
    rows, seconds = 0, 0.0
    for size in sorted(sizes):
        table = replace(pairs, rows=tuple(islice(cycle(pairs.rows), size)), lines=())
        items = score_tables.items(table, ref="ref" if "ref" in table.columns else None)
        start = time.perf_counter()
        with score_tables.ScoreWriter(
            folder / "scores.csv", table, tuple(scorer.metrics), scorer.describe()
        ) as writer:
            for score in scorer.run(items):
                writer.write(score)
        took = time.perf_counter() - start
        rate = (size - rows) / (took - seconds) if took > seconds else None
        yield Growth(size, took, rate, peak_mb())
        rows, seconds = size, took


def _tiny(folder: Path) -> tables.Table:
    rng = np.random.default_rng(0)
    for index in range(_PICTURES):
        Image.fromarray(rng.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)).save(folder / f"{index}.bmp")
    pairs = (
        {"dist": f"{row % _PICTURES}.bmp", "ref": f"{row // 25 % _PICTURES}.bmp"} for row in range(25 * _PICTURES)
    )
    return tables.Table(folder / "pairs.csv", ("dist", "ref"), tuple(pairs))


def peak_mb() -> float:
    """Most memory that this process has had, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
