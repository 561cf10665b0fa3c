"""Convolutions, and what follows them, as a CPU computes them fastest."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import nn

_SIX_IN_BFLOAT16: Final = 0x40C0


class PointwiseConv2d(nn.Conv2d):
    """1×1 convolution, with the parameters of ``torch.nn.Conv2d(channels, out, 1)``.

    In a single thread PyTorch leaves 1×1 convolutions to the BLAS library, unless they are dilated: then oneDNN
    computes them, two to three times as fast on an AMD EPYC. Dilation leaves a filter of one tap as it is.

    Args:
        channels: input channels
        out: output channels
    """

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, out, 1)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 (PyTorch's name)
        """Map (N, channels, h, w) to (N, out, h, w)."""
        # Whatever an exported graph runs in need not share PyTorch's preference.
        dilated = input.device.type == "cpu" and not torch.compiler.is_compiling()
        return F.conv2d(input, self.weight, self.bias, dilation=2 if dilated else 1)


def relu6_(x: torch.Tensor) -> torch.Tensor:
    """Bring every value to the range of 0 to 6, in place."""
    if x.dtype == torch.bfloat16 and x.device.type == "cpu":
        # As whole numbers their bits are in the same order, negative ones below 0: five times as fast.
        x.view(torch.int16).clamp_(0, _SIX_IN_BFLOAT16)
        return x
    return F.relu6(x, inplace=True)
