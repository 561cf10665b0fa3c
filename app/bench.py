"""Benchmarks: how fast things are here, against each other in the same run."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import nn

from ..plugin import datasets, tables
from ..plugin.engine import score_tables
from ..plugin.engine.records import Item, Measurement, Score
from ..plugin.engine.scorer import Scorer
from ..plugin.errors import DeepMSEError
from ..plugin.images import NATIVE, RESIZE_256, ImagePolicy, decode
from ..plugin.images.tensors import to_tensor
from ..plugin.metrics.base import Features
from ..plugin.metrics.full_reference.deepmse import DeepMSE
from . import terminal

LPIPS_BATCHES: Final = (1, 8)

MODEL: Final = "model only"
FILES: Final = "files to CSV"
DECODE: Final = "decode and resize only"
END_TO_END: Final = f"DeepMSE, {FILES}"
LPIPS: Final = "LPIPS at 256×256"
LPIPS_NATIVE: Final = "LPIPS at the files' own size"


@dataclass(frozen=True)
class Contender:
    """Something to be timed.

    Args:
        name: of what is timed
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


@dataclass(frozen=True)
class Speeds:
    """All rates of one run."""

    rates: list[Rate]

    @property
    def baselines(self) -> tuple[str, str]:
        """What DeepMSE's rates are compared with."""
        return (f"to {LPIPS}", f"to {LPIPS_NATIVE}")

    @property
    def decode_share(self) -> float:
        """DeepMSE's rate from files to CSV, in parts of that of decoding the distorted images alone."""
        (whole,) = (rate.per_second for rate in self.rates if rate.name == END_TO_END)
        (decoding,) = (rate.per_second for rate in self.rates if rate.name == DECODE)
        return whole / decoding

    def ratios(self, rate: Rate) -> list[float]:
        """A DeepMSE rate over that of LPIPS doing the same: its fastest batch at 256×256, and at the files' size."""
        if not rate.name.startswith("DeepMSE"):
            return []
        part = MODEL if MODEL in rate.name else FILES
        baselines = [
            max(
                (other.per_second for other in self.rates if other.name.startswith(lpips) and part in other.name),
                default=0,
            )
            for lpips in (LPIPS, LPIPS_NATIVE)
        ]
        return [rate.per_second / baseline for baseline in baselines if baseline]

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON."""
        return {
            "rates": [
                {**asdict(rate), "ratios": dict(zip(self.baselines, self.ratios(rate), strict=False))}
                for rate in self.rates
            ],
            "decode_share": self.decode_share,
        }


def speed(folder: Path, photos: Path | None, rounds: int, device: str) -> Speeds:
    """Time decoding, the model by itself and files to CSV, beside LPIPS on the same network and images.

    Args:
        folder: where to put images and results
        photos: photographs to distort; None for those that scikit-image ships
        rounds: how often to time each
        device: see :class:`~deepmse.plugin.engine.scorer.Scorer`

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
    return Speeds([Rate(each.name, each.unit, each.count / median(seconds[each.name])) for each in contenders])


def _contenders(folder: Path, photos: Path | None, device: str) -> list[Contender]:
    datasets.make_demo(folder, photos)
    shared = tables.read_table(folder / "manifest.csv")
    unshared = _with_own_references(shared)
    items = score_tables.items(shared)
    scorer = Scorer(device=device)
    metric = DeepMSE().to(scorer.device)
    lpips = _lpips().to(scorer.device)
    tensors = {path: _tensor(path) for item in items for path in (item.dist, item.ref) if path is not None}
    pairs = [(tensors[item.ref], tensors[item.dist]) for item in items if item.ref is not None]
    n = len(items)

    def files_to_csv(table: tables.Table) -> None:
        with score_tables.ScoreWriter(folder / "scores.csv", table, ("deepmse",), scorer.describe()) as writer:
            for score in scorer.run(score_tables.items(table)):
                writer.write(score)

    return [
        Contender(DECODE, n, "images", lambda: list(_decoded(item.dist for item in items))),
        Contender(f"DeepMSE, {MODEL}, references kept", n, "pairs", lambda: _model_only(metric, pairs, keep=True)),
        Contender(f"DeepMSE, {MODEL}", n, "pairs", lambda: _model_only(metric, pairs, keep=False)),
        Contender(END_TO_END, n, "pairs", lambda: files_to_csv(shared)),
        Contender(f"{END_TO_END}, every reference another file", n, "pairs", lambda: files_to_csv(unshared)),
        *(
            Contender(f"{LPIPS}, {MODEL}, batch {size}", n, "pairs", partial(_lpips_model_only, lpips, pairs, size))
            for size in LPIPS_BATCHES
        ),
        *(
            Contender(
                f"{LPIPS}, {FILES}, batch {size}",
                n,
                "pairs",
                partial(_lpips_to_csv, lpips, items, RESIZE_256, size, folder / "lpips.csv"),
            )
            for size in LPIPS_BATCHES
        ),
        Contender(
            f"{LPIPS_NATIVE}, {FILES}",
            n,
            "pairs",
            lambda: _lpips_to_csv(lpips, items, NATIVE, 1, folder / "lpips.csv"),
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


def _decoded(paths: Iterable[str | Path], policy: ImagePolicy = RESIZE_256) -> Iterator[torch.Tensor]:
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        yield from pool.map(partial(_tensor, policy=policy), paths)


def _tensor(path: str | Path, policy: ImagePolicy = RESIZE_256) -> torch.Tensor:
    return to_tensor(decode(path), policy)


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


def _lpips_to_csv(model: nn.Module, items: list[Item], policy: ImagePolicy, size: int, path: Path) -> None:
    frames = list(_decoded((file for item in items for file in (item.ref, item.dist) if file), policy))
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
    from ..plugin import store

    with _dataset([1.0] * samples) as dataset, TemporaryDirectory() as maps:
        start = time.perf_counter()
        store.compute_full_reference(dataset, scorer=_Ready(), error_maps=error_maps, map_dir=maps)
        return time.perf_counter() - start


def curation_latency(samples: int, rounds: int = 5) -> dict[str, float]:
    """Seconds, medians over the rounds, that a move of the threshold in the curation panel waits for the database.

    Args:
        samples: images in the dataset that is made for this and deleted, each with a value
        rounds: how often each is timed
    """
    from ..plugin import store

    values = np.random.default_rng(0).beta(4, 2, samples) * 100
    with _dataset(values.tolist()) as dataset:
        worst = store.Condition("mos", store.AT_MOST, float(np.quantile(values, 0.05)))
        work: dict[str, Callable[[], object]] = {
            "histogram": lambda: store.distribution(dataset, "mos", 60),
            "threshold of the worst 5 %": lambda: store.value_at(dataset, "mos", 0.05, lower_first=True),
            "count": lambda: store.count(dataset, store.criterion([worst], store.AND)),
        }
        return {name: median(_seconds(each) for _ in range(rounds)) for name, each in work.items()}


@contextmanager
def _dataset(targets: Sequence[float]) -> Iterator[Any]:
    """A FiftyOne dataset of pairs that are nowhere, with these targets in the field ``mos``."""
    # Here and not at the top: the other benchmarks run without FiftyOne.
    from ..plugin import store

    folder = Path("nowhere")
    records = tuple(
        datasets.Record(folder / f"{index}.png", folder / f"{index % 25}.png", "none", 1, target)
        for index, target in enumerate(targets)
    )
    name = f"deepmse-bench-{os.getpid()}"
    dataset = store.import_dataset(datasets.QualityDataset(name, records, "mos", False, (0, 100), "none", "none"))
    try:
        yield dataset
    finally:
        dataset.delete()


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
