"""Which device computes."""

from __future__ import annotations

import torch

from ..errors import UsageError


def pick_device(name: str) -> torch.device:
    """The device of a name: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        UsageError: if it does not exist here
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise UsageError("device mps is not there: PyTorch sees no graphics of Apple's")
        return torch.device("mps")
    kind, _, number = name.partition(":")
    if kind != "cuda" or (number and not number.isdecimal()):
        raise UsageError(f"no device {name!r}; there are auto, cpu, cuda, cuda:N and mps")
    if int(number or 0) >= torch.cuda.device_count():
        raise UsageError(f"device {name} is not there: PyTorch sees {torch.cuda.device_count()} CUDA devices")
    return torch.device(name)
