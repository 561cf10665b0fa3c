"""Benchmarks: how fast things are here, against each other in the same run."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from ..plugin import datasets, tables
from ..plugin.errors import DeepMSEError
from ..plugin.images import RESIZE_256, decode
from ..plugin.metrics.base import Features
from ..plugin.metrics.deepmse import DeepMSE
from ..plugin.scoring import Item, Measurement, Score, Scorer
from . import terminal

LPIPS_BATCHES: Final = (1, 8)

DECODE: Final = "decode and resize only"
END_TO_END: Final = "DeepMSE, files to CSV"
LPIPS: Final = "lpips-squeeze"


@dataclass(frozen=True)
class Contender:
    """Something to be timed.

    Args:
        name: what it is
        count: how many it does in one go
        unit: of what
        run: does it
    """

    name: str
    count: int
    unit: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Rate:
    """How fast a contender went: median over the rounds, in units a second."""

    name: str
    unit: str
    per_second: float

    def to_dict(self) -> dict[str, Any]:
        """The rate as JSON."""
        return asdict(self)


def speed(folder: Path, photos: Path | None, rounds: int, device: str) -> list[Rate]:
    """Time decoding, the model by itself and files to CSV, beside LPIPS on the same network and images.

    Args:
        folder: where to put images and results
        photos: photographs to distort; None for those that scikit-image ships
        rounds: how often to time each
        device: see :class:`~..plugin.scoring.Scorer`

    Raises:
        DeepMSEError: if the package lpips is missing
    """
    contenders = _contenders(folder, photos, device)
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    # They take turns, so that whatever else the machine does hits all of them; the first round warms up.
    for turn, contender in terminal.progress(
        [(turn, contender) for turn in range(rounds + 1) for contender in contenders],
        "Timing",
        total=(rounds + 1) * len(contenders),
    ):
        start = time.perf_counter()
        contender.run()
        if turn:
            seconds[contender.name].append(time.perf_counter() - start)
    return [Rate(each.name, each.unit, each.count / median(seconds[each.name])) for each in contenders]


def _contenders(folder: Path, photos: Path | None, device: str) -> list[Contender]:
    datasets.make_demo(folder, photos)
    shared = tables.read_table(folder / "manifest.csv")
    unshared = _with_own_references(shared)
    items = tables.items(shared)
    scorer = Scorer(device=device)
    metric = DeepMSE().to(scorer.device)
    lpips = _lpips().to(scorer.device)
    tensors = {path: _tensor(path) for item in items for path in (item.dist, item.ref) if path is not None}
    pairs = [(tensors[item.ref], tensors[item.dist]) for item in items if item.ref is not None]
    n = len(items)

    def files_to_csv(table: tables.Table) -> None:
        with tables.ScoreWriter(folder / "scores.csv", table, ("deepmse",), scorer.describe()) as writer:
            for score in scorer.run(tables.items(table)):
                writer.write(score)

    return [
        Contender(DECODE, n, "images", lambda: list(_decoded(item.dist for item in items))),
        Contender("DeepMSE, model only, references kept", n, "pairs", lambda: _model_only(metric, pairs, keep=True)),
        Contender("DeepMSE, model only", n, "pairs", lambda: _model_only(metric, pairs, keep=False)),
        Contender(END_TO_END, n, "pairs", lambda: files_to_csv(shared)),
        Contender(f"{END_TO_END}, every reference another file", n, "pairs", lambda: files_to_csv(unshared)),
        *(
            Contender(
                f"{LPIPS}, model only, batch {size}", n, "pairs", partial(_lpips_model_only, lpips, pairs, size)
            )
            for size in LPIPS_BATCHES
        ),
        *(
            Contender(
                f"{LPIPS}, files to CSV, batch {size}",
                n,
                "pairs",
                partial(_lpips_to_csv, lpips, items, size, folder / "lpips.csv"),
            )
            for size in LPIPS_BATCHES
        ),
    ]


def _with_own_references(table: tables.Table) -> tables.Table:
    """The same pairs, each with a reference file of its own, so that nothing can be kept between them."""
    folder = table.path.parent / "own"
    folder.mkdir(exist_ok=True)
    rows = []
    for index, row in enumerate(table.rows):
        copy = folder / f"{index}.png"
        if not copy.exists():
            shutil.copyfile(table.path.parent / row["ref"], copy)
        rows.append({**row, "ref": f"own/{index}.png"})
    return tables.Table(table.path, table.columns, tuple(rows))


def _decoded(paths: Iterable[str | Path]) -> Iterator[torch.Tensor]:
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        yield from pool.map(_tensor, paths)


def _tensor(path: str | Path) -> torch.Tensor:
    return decode(path).at(RESIZE_256)


def _model_only(metric: DeepMSE, pairs: list[tuple[torch.Tensor, torch.Tensor]], *, keep: bool) -> None:
    kept: dict[int, Features] = {}
    with torch.inference_mode():
        for reference, distorted in pairs:
            if keep:
                if id(reference) not in kept:
                    kept[id(reference)] = metric.features(reference[None])
                metric.from_features(kept[id(reference)], distorted[None]).item()
            else:
                metric(reference[None], distorted[None]).item()


def _lpips() -> nn.Module:
    try:
        import lpips
    except ImportError as error:
        raise DeepMSEError("the package lpips is missing: pip install lpips") from error
    # Untrained weights of the network take as long as trained ones, and need no download.
    model: nn.Module = lpips.LPIPS(net="squeeze", pnet_rand=True, verbose=False)
    return model.eval().requires_grad_(False)


def _lpips_model_only(model: nn.Module, pairs: list[tuple[torch.Tensor, torch.Tensor]], size: int) -> list[float]:
    device = next(model.parameters()).device
    scores: list[float] = []
    with torch.inference_mode():
        for start in range(0, len(pairs), size):
            batch = pairs[start : start + size]
            reference, distorted = (
                torch.stack(images).to(device).float() / 127.5 - 1 for images in zip(*batch, strict=True)
            )
            scores += model(reference, distorted).flatten().tolist()
    return scores


def _lpips_to_csv(model: nn.Module, items: list[Item], size: int, path: Path) -> None:
    frames = list(_decoded(file for item in items for file in (item.ref, item.dist) if file))
    scores = _lpips_model_only(model, list(zip(frames[::2], frames[1::2], strict=True)), size)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(zip((item.dist for item in items), scores, strict=True))


def fiftyone_overhead(samples: int, *, error_maps: bool) -> float:
    """Seconds that a computation takes besides decoding and inference: reading the view, writing fields, the run.

    The dataset is made for this and deleted; the engine is replaced by one that has every score ready.

    Args:
        samples: pairs in the dataset
        error_maps: write error maps too
    """
    # Here and not at the top: the other benchmark runs without FiftyOne.
    from ..plugin import store

    folder = Path("nowhere")
    records = tuple(
        datasets.Record(folder / f"{index}.png", folder / f"{index % 25}.png", "none", 1, 1.0)
        for index in range(samples)
    )
    name = f"deepmse-bench-{os.getpid()}"
    dataset = store.import_dataset(datasets.QualityDataset(name, records, "level", True, (1, 5), "none", "none"))
    try:
        with TemporaryDirectory() as maps:
            start = time.perf_counter()
            store.compute_full_reference(dataset, scorer=_Ready(), error_maps=error_maps, map_dir=maps)
            return time.perf_counter() - start
    finally:
        dataset.delete()


class _Ready(Scorer):
    """An engine that neither decodes nor computes."""

    def run(self, items: Iterable[Item]) -> Iterator[Score]:
        """A score for each item, at once."""
        rng = np.random.default_rng(0)
        error_map = rng.integers(0, 256, (127, 127), dtype=np.uint8)
        for item in items:
            stages = tuple(rng.random(5).tolist())
            yield Score(item, {"deepmse": Measurement(sum(stages) / 5, stages, error_map)}, {})
