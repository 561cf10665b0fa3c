"""What a graphics card must keep to, and how fast it goes: checked here and now, to be pasted into docs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch

from ..plugin import datasets, tables
from ..plugin.engine import score_tables
from ..plugin.engine.devices import pick_device
from ..plugin.engine.records import Item
from ..plugin.engine.scorer import Scorer
from ..plugin.errors import UsageError
from ..plugin.images import RESIZE_256, decode
from ..plugin.images.tensors import to_tensor
from ..plugin.metrics.full_reference.deepmse import DeepMSE
from .bench import decoded

BATCHES: Final = (1, 2, 7, 64)
AGREEMENT: Final = 1e-3
"""How far scores may be from the CPU's, relative to these."""
SCARCE: Final = 0.05
"""Share of the card's memory that is left to see batches halved."""
LARGE: Final = 512


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        name: what
        found: in words and numbers
        passed: whether it is as it must be; None of what is only measured
    """

    name: str
    found: str
    passed: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON."""
        return asdict(self)


def find_gpu(name: str) -> torch.device:
    """The card of a name, ``auto`` for any.

    Raises:
        UsageError: if there is none
    """
    if name == "auto":
        name = "mps" if torch.backends.mps.is_available() and not torch.cuda.is_available() else "cuda"
        if name == "cuda" and not torch.cuda.is_available():
            raise UsageError("there is no GPU here: PyTorch sees neither CUDA nor MPS")
    device = pick_device(name)
    if device.type == "cpu":
        raise UsageError("cpu is no GPU; take cuda, cuda:N or mps")
    return device


def card(device: torch.device) -> str:
    """What the card calls itself."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "Apple MPS"


def examine(folder: Path, photos: Path | None, device: torch.device) -> Iterator[Check]:
    """Check a card on pairs of photographs, one check after the other.

    Args:
        folder: where to put images and results
        photos: photographs to distort; None for those that scikit-image ships
        device: the card
    """
    datasets.make_demo(folder, photos)
    table = tables.read_table(folder / "manifest.csv")
    items = score_tables.items(table)
    here = [(_tensor(item.ref), _tensor(item.dist)) for item in items if item.ref is not None]
    references, distorted = (torch.stack(images) for images in zip(*here, strict=True))
    model, on_cpu = DeepMSE().to(device), DeepMSE()
    with torch.inference_mode():
        yield _zero(model, references.to(device))
        alone = torch.cat([_scores(model, references[i : i + 1], distorted[i : i + 1]) for i in range(len(items))])
        yield _invariance(model, references, distorted, alone)
        yield _agreement(alone, torch.cat([on_cpu(r[None], d[None]) for r, d in here]))
        yield _resident(model, references, distorted)
    scorer = Scorer(device=str(device))
    yield _rate("decode and resize only", len(items), lambda: list(decoded(item.dist for item in items)))
    yield _rate("files to CSV", len(items), lambda: _to_csv(scorer, table, folder / "scores.csv"))
    if device.type == "cuda":
        yield _halving(items, device)


def _tensor(path: str | Path) -> torch.Tensor:
    return to_tensor(decode(path), RESIZE_256)


def _scores(model: DeepMSE, references: torch.Tensor, distorted: torch.Tensor) -> torch.Tensor:
    device = next(model.parameters()).device
    scores: torch.Tensor = model(references.to(device), distorted.to(device))
    return scores.cpu()


def _zero(model: DeepMSE, images: torch.Tensor) -> Check:
    largest = max(float(model(images[:size], images[:size].clone()).abs().max()) for size in BATCHES)
    return Check("identical images, any batch", f"largest score {largest:g}", largest == 0)


def _invariance(model: DeepMSE, references: torch.Tensor, distorted: torch.Tensor, alone: torch.Tensor) -> Check:
    differences = []
    for size in BATCHES:
        parts = [
            _scores(model, *pair)
            for pair in zip(torch.split(references, size), torch.split(distorted, size), strict=True)
        ]
        differences.append(float(((torch.cat(parts) - alone).abs() / alone).max()))
    largest = max(differences)
    return Check(
        "alone and in batches of 2 to 64", f"largest relative difference {largest:.1e}", largest <= AGREEMENT
    )


def _agreement(scores: torch.Tensor, on_cpu: torch.Tensor) -> Check:
    largest = float(((scores - on_cpu).abs() / on_cpu).max())
    return Check("beside the CPU", f"largest relative difference {largest:.1e}", largest <= AGREEMENT)


def _resident(model: DeepMSE, references: torch.Tensor, distorted: torch.Tensor) -> Check:
    device = next(model.parameters()).device
    size = max(BATCHES)
    pair = [images.repeat(-(-size // len(images)), 1, 1, 1)[:size].to(device) for images in (references, distorted)]

    def run() -> None:
        # Taking the sum off the card waits for it.
        float(model(*pair).sum())

    return _rate(f"pairs in its memory, batch {size}", size, run, unit="pairs")


def _rate(name: str, count: int, run: Callable[[], object], unit: str = "images") -> Check:
    run()
    start, rounds = time.perf_counter(), 0
    while rounds < 3 or time.perf_counter() - start < 2:
        run()
        rounds += 1
    return Check(name, f"{rounds * count / (time.perf_counter() - start):,.0f} {unit}/s")


def _to_csv(scorer: Scorer, table: tables.Table, path: Path) -> None:
    with score_tables.ScoreWriter(path, table, ("deepmse",), scorer.describe()) as writer:
        for score in scorer.run(score_tables.items(table)):
            writer.write(score)


def _halving(items: list[Item], device: torch.device) -> Check:
    many = [item for _ in range(-(-LARGE // len(items))) for item in items][:LARGE]
    scorer = Scorer(device=str(device), batch_size=LARGE)
    with _scarce_memory(device):
        scores = list(scorer.run(many))
    failed = sum(bool(score.errors) for score in scores)
    halved = scorer.batch_size < LARGE
    return Check(
        f"too large a batch, with {SCARCE:.0%} of its memory",
        f"{LARGE} → {scorer.batch_size} at a time, {failed} of {LARGE} failed",
        not failed and halved,
    )


@contextmanager
def _scarce_memory(device: torch.device) -> Iterator[None]:
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(SCARCE, device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
