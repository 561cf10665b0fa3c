"""How exactly devices compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def full_float32(device: torch.device) -> Iterator[None]:
    """Keep cuDNN from rounding float32 convolutions to TF32, which has 10 bits of mantissa."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def parts(images: torch.Tensor) -> Iterator[slice]:
    """How a batch is divided for computing.

    One at a time, an image has the same score to the last bit in any batch, and a CPU is as fast; a GPU wants many.
    """
    step = 1 if images.device.type == "cpu" else len(images)
    return (slice(start, start + step) for start in range(0, len(images), step))
