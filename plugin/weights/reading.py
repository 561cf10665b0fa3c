"""Files of parameters to tensors. Nothing that a file asks for is called.

Only safetensors and ``torch.load(weights_only=True)`` are read, and one kind of pickle through an unpickler that
admits numpy arrays alone.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WeightsError

if TYPE_CHECKING:
    import torch


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read a table of tensors from safetensors or a PyTorch file, refusing to build anything else.

    Raises:
        WeightsError: if it holds anything else, or is damaged
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # PyTorch's message advises to load it all the same.
        raise WeightsError(f"{path}: cannot be read as weights (no PyTorch file of tensors alone)") from error
    except Exception as error:  # Damaged files raise almost anything.
        raise WeightsError(f"{path}: cannot be read as weights ({error})") from error
    if not isinstance(loaded, Mapping) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise WeightsError(f"{path}: holds something else than a table of tensors")
    return dict(loaded)


class _ArraysOnly(pickle.Unpickler):
    """Admits numpy arrays and the containers that pickle builds itself, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.empty(0).__reduce__()[0]
        raise pickle.UnpicklingError(f"{module}.{name} is not a numpy array")


def read_array_pickle(path: Path) -> Any:
    """Read a pickle that holds numpy arrays in plain containers, refusing to build anything else.

    Raises:
        WeightsError: if it holds anything else, or is damaged
    """
    try:
        with path.open("rb") as file:
            # Python 2 wrote these files: their strings are bytes.
            return _ArraysOnly(file, encoding="latin1").load()
    except Exception as error:  # Damaged pickles raise almost anything.
        raise WeightsError(f"{path}: cannot be read as weights ({error})") from error
