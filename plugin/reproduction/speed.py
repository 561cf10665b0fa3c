"""Figure 2 of the DeepMSE paper: how many images a second full-reference metrics score."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import torch

from .. import datasets
from ..figures.bars import bars
from ..images import RESIZE_256, decode
from ..images.tensors import to_tensor
from ..metrics import metric_info, metric_names
from ..metrics.base import AnyMetric, FullReferenceMetric
from . import scores
from .context import Context
from .outcome import Entry, Outcome

PUBLISHED: Final = {"deepmse": 248.44}
PAIRS: Final = 16
ROUNDS: Final = 5


def measure(context: Context) -> Outcome:
    """Time every full-reference metric at hand on the same decoded pairs of 256×256 pixels, in one run.

    Raises:
        UsageError: the package with the photographs is missing
    """
    names = metric_names("FR")
    available, reasons = scores.usable(names, context)
    engines = {name: scores.scorer([name], context) for name in available}
    device = scores.scorer(["deepmse"], context).device if "deepmse" in available else torch.device("cpu")
    references, distorted = _pairs(device)
    seconds: dict[tuple[str, int], list[float]] = {}
    batches = (1, PAIRS)
    rounds = [(turn, name, batch) for turn in range(ROUNDS + 1) for name in available for batch in batches]
    # They take turns, so that whatever else the machine does hits all of them; the first round warms up.
    for turn, name, batch in context.progress(rounds, "Timing", len(rounds)):
        elapsed = _time(engines[name].metrics[name], references, distorted, batch)
        if turn:
            seconds.setdefault((name, batch), []).append(elapsed)
    rates = {key: PAIRS / median(times) for key, times in seconds.items()}
    entries = tuple(
        Entry(
            metric_info(name).title,
            "pairs a second, one at a time" if batch == 1 else f"pairs a second, {batch} at a time",
            published=PUBLISHED.get(name),
            measured=rates.get((name, batch)),
            reason=reasons.get(name) or ("the paper's machine is another" if name in PUBLISHED else None),
            digits=1,
        )
        for name in names
        for batch in batches
    )
    best = {name: max(rates[name, batch] for batch in batches) for name in available}
    fastest_first = {metric_info(name).title: best[name] for name in sorted(best, key=lambda name: -best[name])}
    return Outcome(
        "deepmse-fps",
        "Images a second of full-reference metrics: DeepMSE paper, figure 2",
        entries,
        {"device": _device_name(device), "threads": torch.get_num_threads(), "torch": torch.__version__},
        lacking=tuple(f"{metric_info(name).title}: {reason}" for name, reason in reasons.items()),
        notes=(
            f"Decoded pairs of 256×256 pixels, the same for all metrics; reference and distorted image both, nothing "
            f"kept between pairs. Median of {ROUNDS} rounds in which the metrics take turns. Measured on "
            f"{_device_name(device)}, {torch.get_num_threads()} threads.",
        ),
        figures=(("pairs-a-second", bars(fastest_first, "pairs a second", ".1f", "DeepMSE")),),
    )


def _pairs(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """References and distorted images, uint8, each (PAIRS, 3, 256, 256)."""
    with TemporaryDirectory() as folder:
        records = datasets.make_demo(Path(folder), None).records[:PAIRS]
        images = [
            torch.stack([to_tensor(decode(path), RESIZE_256) for path in paths]).to(device)
            for paths in zip(*((record.ref, record.dist) for record in records if record.ref), strict=True)
        ]
    return images[0], images[1]


def _time(metric: AnyMetric, references: torch.Tensor, distorted: torch.Tensor, batch: int) -> float:
    """Seconds to score all pairs, ``batch`` at a time."""
    if not isinstance(metric, FullReferenceMetric):
        raise TypeError(f"{metric.info.name} compares nothing")
    start = time.perf_counter()
    with torch.inference_mode():
        for first in range(0, len(references), batch):
            features = metric.prepare(references[first : first + batch])
            kept = [tuple(part[index : index + 1] for part in features) for index in range(batch)]
            metric.compare(kept, distorted[first : first + batch]).scores.tolist()
    return time.perf_counter() - start


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    # Python's own platform.processor() is empty or only "x86_64" on most Linux systems.
    details = Path("/proc/cpuinfo")
    lines = details.read_text().splitlines() if details.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
