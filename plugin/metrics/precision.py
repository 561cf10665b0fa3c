"""How exactly devices compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import torch

from ..errors import UsageError

FLOAT32: Final = "float32"
BFLOAT16: Final = "bfloat16"
AUTO: Final = "auto"
PRECISIONS: Final = (FLOAT32, BFLOAT16, AUTO)

#: What Linux calls the instructions that multiply in bfloat16.
_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16"})
_PROCESSOR: Final = Path("/proc/cpuinfo")


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device computes in bfloat16 faster than in float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not _PROCESSOR.exists():
        return False
    return not _FLAGS.isdisjoint(_PROCESSOR.read_text().split())


def dtype_of(precision: str, device: torch.device) -> torch.dtype:
    """What a network's layers compute in.

    Args:
        precision: ``float32``; ``bfloat16``; or ``auto``, bfloat16 where the device has it
        device: where they compute

    Raises:
        UsageError: if there is no such precision, or the device has it not
    """
    if precision not in PRECISIONS:
        raise UsageError(f"no precision {precision!r}; there are {', '.join(PRECISIONS)}")
    if precision == FLOAT32:
        return torch.float32
    if has_bfloat16(device):
        return torch.bfloat16
    if precision == AUTO:
        return torch.float32
    raise UsageError(
        f"bfloat16: {device} does not compute in it (of processors, those with AVX512-BF16 or AMX do); take float32"
    )


def name_of(dtype: torch.dtype) -> str:
    """A precision by its name here."""
    return str(dtype).removeprefix("torch.")


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
