"""Model files of the no-reference model: one safetensors file, and a model card in JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from ...errors import WeightsError
from ...files import write_whole
from ...weights import read_tensors
from ..opinion import OpinionScale
from ..regressors import Hyperparameters
from .design import Recipe
from .model import QualityModel

#: The model that comes with this package.
PACKAGED: Final = Path(__file__).parents[1] / "packaged" / "nr.safetensors"

_METADATA: Final = "deepmse"
_FORMAT: Final = "deepmse-nr-1"


def save(model: QualityModel, path: Path, card: Mapping[str, Any]) -> None:
    """Write a model, and its card beside it with the ending ``.json``.

    Args:
        model: a calibrated model
        path: ends in ``.safetensors``
        card: JSON-able
    """
    import safetensors.torch

    arrays: dict[str, Any] = {
        "weights": model.weights,
        "bias": model.bias,
        "axis_scales": model.axis_scales,
        "offset": model.offset,
        "hyperparameters": np.array(astuple(model.hyperparameters)),
        "examples": model.examples,
        "residuals": model.residuals,
        "opinions": model.scale.opinions,
        "learnt": model.scale.learnt,
        "spread": model.spread,
        "quantiles": model.quantiles,
        **{f"axes.{index}": axes for index, axes in enumerate(model.axes)},
    }
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
    about = {
        "format": _FORMAT,
        "recipe": model.recipe.to_dict(),
        "sizes": dict(model.sizes),
        "network_sha256": model.network_sha256,
    }
    # Several entries of metadata would be written in an order that changes from run to run. Written here because
    # safetensors would let nobody but the owner read the file.
    write_whole(path, safetensors.torch.save(tensors, {_METADATA: json.dumps(about)}))
    write_whole(path.with_suffix(".json"), (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())


def load(path: Path = PACKAGED) -> QualityModel:
    """Read a model.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """
    from safetensors import safe_open

    if not path.is_file():
        raise WeightsError(f"{path}: no such model file")
    tensors = {name: tensor.numpy() for name, tensor in read_tensors(path).items()}
    try:
        with safe_open(path, "np") as file:
            about = json.loads((file.metadata() or {}).get(_METADATA, "{}"))
        if about.get("format") != _FORMAT:
            raise ValueError(f"its format is {about.get('format')}, not {_FORMAT}")
        recipe = Recipe.from_dict(about["recipe"])
        return QualityModel(
            recipe=recipe,
            sizes=about["sizes"],
            axes=tuple(tensors.pop(f"axes.{index}") for index in range(len(recipe.curved))),
            network_sha256=about["network_sha256"],
            scale=OpinionScale(tensors.pop("opinions"), tensors.pop("learnt")),
            hyperparameters=Hyperparameters(*tensors.pop("hyperparameters").tolist()),
            bias=float(tensors.pop("bias")),
            spread=float(tensors.pop("spread")),
            **tensors,
        )
    except Exception as error:  # Other people's files lack anything.
        raise WeightsError(f"{path}: not a no-reference model that `deepmse train nr` wrote ({error})") from error
