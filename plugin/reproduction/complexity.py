"""Figure 3 of the DeepMSE paper: the arithmetic of full-reference metrics, counted from what they run."""

from __future__ import annotations

from typing import Final

import torch
from torch.utils.flop_counter import FlopCounterMode

from ..figures.bars import bars
from ..metrics import metric_info, metric_names
from ..metrics.base import AnyMetric, FullReferenceMetric
from . import scores
from .context import Context
from .outcome import Entry, Outcome

SIDE: Final = 256
_PAIRS: Final = 2  # DeepMSE fills up a batch of one
PUBLISHED: Final = {"deepmse": 0.694}
TOLERANCE: Final = 0.0005
"""Half of the last digit that the paper prints."""


def measure(context: Context) -> Outcome:
    """Count the multiply-adds of every full-reference metric at hand on one pair of 256×256 pixels."""
    names = metric_names("FR")
    available, reasons = scores.usable(names, context)
    counted: dict[str, float] = {}
    settings = {}
    for name in available:
        engine = scores.scorer([name], context)
        counted[name] = multiply_adds(engine.metrics[name], engine.device) / 1e9
        settings[name] = engine.describe()["metrics"][name]
    entries = tuple(
        Entry(
            metric_info(name).title,
            "multiply-adds, thousand millions",
            published=PUBLISHED.get(name),
            measured=counted.get(name),
            tolerance=TOLERANCE,
            reason=reasons.get(name),
            digits=4,
        )
        for name in names
    )
    fewest_first = {
        metric_info(name).title: counted[name] for name in sorted(counted, key=lambda name: counted[name])
    }
    return Outcome(
        "deepmse-flops",
        "Multiply-adds of full-reference metrics: DeepMSE paper, figure 3",
        entries,
        settings,
        lacking=tuple(f"{metric_info(name).title}: {reason}" for name, reason in reasons.items()),
        notes=(
            f"One pair of {SIDE}×{SIDE} pixels, reference and distorted image both.",
            "Convolutions and matrix products are counted, from the operators that run; element-wise arithmetic, "
            "pooling and Fourier transforms are not. Metrics that are made of those show less than they compute.",
            "The paper prints DeepMSE's number only.",
        ),
        figures=(("multiply-adds", bars(fewest_first, "thousand million multiply-adds", ".3f", "DeepMSE")),),
    )


def multiply_adds(metric: AnyMetric, device: torch.device) -> int:
    """Multiply-adds of scoring one pair of 256×256 pixels, in convolutions and matrix products.

    Args:
        metric: a full-reference metric
        device: where it computes
    """
    if not isinstance(metric, FullReferenceMetric):
        raise TypeError(f"{metric.info.name} compares nothing")
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, _PAIRS, 3, SIDE, SIDE), dtype=torch.uint8, generator=generator).to(device)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        features = metric.prepare(images[0])
        kept = [tuple(part[index : index + 1] for part in features) for index in range(_PAIRS)]
        metric.compare(kept, images[1])
    # The counter takes a multiply-add for two operations.
    return int(counter.get_total_flops()) // 2 // _PAIRS
