"""Model files: one safetensors file with a header, and a model card in JSON beside it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ..errors import UsageError, WeightsError
from ..files import write_whole
from ..metrics.models import HEADER, Declaration, read_header
from ..weights import read_tensors


def write_model(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    declaration: Declaration | None,
    about: Mapping[str, Any],
    card: Mapping[str, Any],
) -> None:
    """Write a model, and its card beside it with the ending ``.json``.

    Args:
        path: ends in ``.safetensors``
        tensors: the parameters
        declaration: what the model declares of its scores; None where it gives none
        about: what else its family needs to build it again; JSON-able
        card: what users should know of it; JSON-able

    Raises:
        OutputError: if a file cannot be written; a file that was there before stays as it was
    """
    import safetensors.torch

    header = {**(declaration.to_json() if declaration else {}), **about}
    contents = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Several entries of metadata would be written in an order that changes from run to run. Written here because
    # safetensors would let nobody but the owner read the file.
    write_whole(path, safetensors.torch.save(contents, {HEADER: json.dumps(header)}))
    write_whole(path.with_suffix(".json"), (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())


def read_model(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The parameters of a model, by name, and its header.

    Raises:
        WeightsError: if the file is not there, is damaged or holds no trained model
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such model file")
    try:
        return read_tensors(path), read_header(path)
    except UsageError as error:
        raise WeightsError(str(error)) from error


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of packages, for model cards."""
    return {"python": platform.python_version(), **{package: version(package) for package in packages}}
