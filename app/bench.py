"""Benchmarks: how fast things are here, against each other in the same run."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import torch
from torch import nn

from ..plugin import datasets, tables
from ..plugin.engine import score_tables
from ..plugin.engine.records import Item
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
    """How fast a contender went, in units a second.

    Args:
        name: of the contender
        unit: of what
        rounds: its rate in each round
    """

    name: str
    unit: str
    rounds: tuple[float, ...]

    @property
    def per_second(self) -> float:
        """Median over the rounds."""
        return median(self.rounds)


@dataclass(frozen=True)
class Ratio:
    """One rate over another: median, least and most of the rounds, in each of which both went one after the other."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, rate: Rate, other: Rate) -> Ratio:
        """The ratios of two rates, round by round."""
        found = [mine / theirs for mine, theirs in zip(rate.rounds, other.rounds, strict=True)]
        return cls(median(found), min(found), max(found))

    def __str__(self) -> str:
        return f"{self.median:.1f} × ({self.low:.1f}–{self.high:.1f})"


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

    def ratios(self, rate: Rate) -> list[Ratio]:
        """A DeepMSE rate over that of LPIPS doing the same: its fastest batch at 256×256, and at the files' size."""
        if not rate.name.startswith("DeepMSE"):
            return []
        part = MODEL if MODEL in rate.name else FILES
        found = []
        for lpips in (LPIPS, LPIPS_NATIVE):
            others = [other for other in self.rates if other.name.startswith(lpips) and part in other.name]
            if others:
                found.append(Ratio.of(rate, max(others, key=lambda other: other.per_second)))
        return found

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON."""
        return {
            "rates": [
                {
                    "name": rate.name,
                    "unit": rate.unit,
                    "per_second": rate.per_second,
                    "ratios": {
                        name: asdict(ratio) for name, ratio in zip(self.baselines, self.ratios(rate), strict=False)
                    },
                }
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
    return Speeds(take_turns(_contenders(folder, photos, device), rounds))


def take_turns(contenders: Sequence[Contender], rounds: int) -> list[Rate]:
    """Time contenders one after the other, so that whatever else the machine does hits all; a first round warms up.

    Args:
        contenders: what is timed
        rounds: how often each is
    """
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn, contender in terminal.progress(
        [(turn, contender) for turn in range(rounds + 1) for contender in contenders],
        "Timing",
        total=(rounds + 1) * len(contenders),
    ):
        start = time.perf_counter()
        contender.run()
        if turn:
            seconds[contender.name].append(time.perf_counter() - start)
    return [
        Rate(each.name, each.unit, tuple(each.count / spent for spent in seconds[each.name])) for each in contenders
    ]


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
        Contender(DECODE, n, "images", lambda: list(decoded(item.dist for item in items))),
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


def decoded(paths: Iterable[str | Path], policy: ImagePolicy = RESIZE_256) -> Iterator[torch.Tensor]:
    """Files decoded and brought to a policy, each uint8 (3, H, W), by as many threads as PyTorch has."""
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
    frames = list(decoded((file for item in items for file in (item.ref, item.dist) if file), policy))
    scores = _lpips_model_only(model, list(zip(frames[::2], frames[1::2], strict=True)), size)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(zip((item.dist for item in items), scores, strict=True))
