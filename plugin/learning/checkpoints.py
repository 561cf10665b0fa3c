"""Checkpoints of training: named groups of tensors, and the rest as JSON, in one safetensors file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from ..errors import UsageError
from ..files import write_whole

_META: Final = "training"


def write(path: Path, groups: Mapping[str, Mapping[str, torch.Tensor]], about: Mapping[str, Any]) -> None:
    """Write a checkpoint whole, or leave the one that is there.

    Args:
        path: the file
        groups: tensors by name, by the name of their group, which has no full stop
        about: JSON-able

    Raises:
        OutputError: if it cannot be written
    """
    import safetensors.torch

    tensors = {
        f"{group}.{name}": value.detach().cpu().contiguous().clone()
        for group, values in groups.items()
        for name, value in values.items()
    }
    write_whole(path, safetensors.torch.save(tensors, {_META: json.dumps(about)}))


def read(path: Path) -> tuple[Mapping[str, dict[str, torch.Tensor]], dict[str, Any]]:
    """Groups of tensors, none of them missing, and the rest.

    Raises:
        UsageError: if the file is no checkpoint or damaged
    """
    from safetensors import SafetensorError, safe_open

    groups: defaultdict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    try:
        with safe_open(path, "pt") as file:
            about: dict[str, Any] = json.loads((file.metadata() or {})[_META])
            for key in file.keys():  # noqa: SIM118, the file is no mapping
                group, _, name = key.partition(".")
                groups[group][name] = file.get_tensor(key)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path}: is damaged or no checkpoint ({error}); start without --resume") from error
    return groups, about
