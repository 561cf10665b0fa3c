"""The Gaussian process's parameters as a model file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from ...errors import WeightsError
from ...metrics.models import GAUSSIAN_PROCESS
from ..files import read_model, write_model
from ..opinion import OpinionScale
from ..regressors import Hyperparameters
from .design import Recipe
from .model import QualityModel

#: The model that comes with this package.
PACKAGED: Final = Path(__file__).parents[1] / "packaged" / "nr.safetensors"

#: The one that came before it, which learnt from photographs alone.
FIRST: Final = PACKAGED.with_name("nr-1.safetensors")

#: The one that learnt from pictures and opinions of known free terms alone.
FREE: Final = PACKAGED.with_name("nr-free.safetensors")


def save(model: QualityModel, path: Path, card: Mapping[str, Any]) -> None:
    """Write a model, and its card beside it with the ending ``.json``.

    Args:
        model: a calibrated model
        path: ends in ``.safetensors``
        card: JSON-able
    """
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
        **({} if model.limits is None else {"limits": model.limits}),
        **{f"axes.{index}": axes for index, axes in enumerate(model.axes)},
    }
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
    about = {
        "recipe": model.recipe.to_dict(),
        "sizes": dict(model.sizes),
        "network_sha256": model.network_sha256,
    }
    write_model(path, tensors, GAUSSIAN_PROCESS, about, card)


@cache
def packaged() -> QualityModel:
    """The model that comes with this package, conditioned on its training images once a process: that takes seconds.

    Raises:
        WeightsError: if it is not there
    """
    return load()


def load(path: Path = PACKAGED) -> QualityModel:
    """Read a model.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """
    parameters, about = read_model(path)
    try:
        tensors: dict[str, Any] = {name: tensor.numpy() for name, tensor in parameters.items()}
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
        raise WeightsError(f"{path}: not a Gaussian process that `deepmse train nr` wrote ({error})") from error
