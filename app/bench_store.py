"""What scoring in FiftyOne takes besides decoding and inference, and what the curation panel waits for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from ..plugin import datasets, store
from ..plugin.engine.records import Item, Measurement, Score
from ..plugin.engine.scorer import Scorer
from .bench_rows import peak_mb


def overhead(samples: int, *, error_maps: bool) -> tuple[float, float]:
    """What a computation takes besides decoding and inference: reading the view, writing fields, the run.

    The dataset is made for this, by another process, and deleted; the engine is replaced by one that has every score
    ready.

    Args:
        samples: pairs in the dataset
        error_maps: write error maps too

    Returns:
        seconds, and the most memory that this process has had so far, in megabytes
    """
    with _dataset([1.0] * samples) as dataset, TemporaryDirectory() as maps:
        start = time.perf_counter()
        store.compute_full_reference(dataset, scorer=_Ready(), error_maps=error_maps, map_dir=maps)
        return time.perf_counter() - start, peak_mb()


def curation_latency(samples: int, rounds: int = 5) -> dict[str, float]:
    """Seconds, medians over the rounds, that a move of the threshold in the curation panel waits for the database.

    Args:
        samples: images in the dataset that is made for this and deleted, each with a value
        rounds: how often each is timed
    """
    values = np.random.default_rng(0).beta(4, 2, samples) * 100
    with _dataset(values.tolist()) as dataset:
        worst = store.Condition("mos", store.AT_MOST, float(np.quantile(values, 0.05)))
        most = store.meeting(dataset, [store.Condition("mos", store.AT_LEAST, worst.value)], store.AND)
        work: dict[str, Callable[[], object]] = {
            "histogram": lambda: store.distribution(dataset, "mos", 60),
            "histogram of a filtered view": lambda: store.distribution(most, "mos", 60),
            "threshold of the worst 5 %": lambda: store.value_at(dataset, "mos", 0.05, lower_first=True),
            "count": lambda: store.count(dataset, store.criterion([worst], store.AND)),
        }
        return {name: median(_seconds(each) for _ in range(rounds)) for name, each in work.items()}


@contextmanager
def _dataset(targets: Sequence[float]) -> Iterator[Any]:
    """A FiftyOne dataset, made by another process, of pairs that are nowhere, with these targets in ``mos``."""
    name = f"deepmse-bench-{os.getpid()}"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(_make_dataset, name, targets).result()
    dataset = store.open_samples(name)
    try:
        yield dataset
    finally:
        dataset.delete()


def _make_dataset(name: str, targets: Sequence[float]) -> None:
    folder = Path("nowhere")
    records = tuple(
        datasets.Record(folder / f"{index}.png", folder / f"{index % 25}.png", "none", 1, target)
        for index, target in enumerate(targets)
    )
    store.import_dataset(datasets.QualityDataset(name, records, "mos", False, (0, 100), "none", "none"))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class _Ready(Scorer):
    """An engine that neither decodes nor computes."""

    def run(self, items: Iterable[Item]) -> Iterator[Score]:
        """A score for each item, at once."""
        rng = np.random.default_rng(0)
        coarse = Image.fromarray(rng.integers(0, 256, (15, 15), dtype=np.uint8))
        error_map = np.array(coarse.resize((127, 127), Image.Resampling.BILINEAR))
        for item in items:
            stages = tuple(rng.random(5).tolist())
            yield Score(item, {"deepmse": Measurement(sum(stages) / 5, stages, error_map)}, {})
