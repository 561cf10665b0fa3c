"""Files of models that tell causes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch

from ...errors import WeightsError
from ..files import read_model, write_model
from .model import CauseModel

#: The model that comes with this package.
PACKAGED: Final = Path(__file__).parents[1] / "packaged" / "causes.safetensors"

FAMILY: Final = "causes"


def save(model: CauseModel, path: Path, card: Mapping[str, Any]) -> None:
    """Write a model, and its card beside it with the ending ``.json``.

    Args:
        model: the model
        path: ends in ``.safetensors``
        card: JSON-able

    Raises:
        OutputError: if a file cannot be written
    """
    arrays = {"weights": model.weights, "bias": model.bias, "places": model.places}
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    write_model(path, tensors, None, {"family": FAMILY, "version": 1, "names": list(model.names)}, card)


@cache
def load(path: Path = PACKAGED) -> CauseModel:
    """Read a model.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """
    tensors, about = read_model(path)
    try:
        arrays = [tensors[name].numpy() for name in ("places", "weights", "bias")]
        return CauseModel(tuple(about["names"]), *arrays)
    except KeyError as error:
        raise WeightsError(f"{path}: not a model that `deepmse train causes` wrote (no {error})") from error
