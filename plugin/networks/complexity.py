"""Counting arithmetic."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def multiply_adds(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds of one pass through a network, counted from the operators that it runs.

    Args:
        network: the network
        shape: its input's shape, batch first
    """
    parameter = next(network.parameters())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(shape, device=parameter.device, dtype=parameter.dtype))
    # The counter takes a multiply-add for two operations.
    return int(counter.get_total_flops()) // 2
