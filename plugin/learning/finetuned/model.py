"""Files of fine-tuned networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from ...metrics.models import GRADES, Declaration
from .. import trained
from ..regression import Regression, own_names
from ..trained import Standard

DECLARATION: Final = Declaration("finetuned", grades=GRADES)
"""Scores are opinions of 0 to 100; the words are for the fifths of that scale."""


def save(
    path: Path,
    state: Mapping[str, torch.Tensor],
    model: Regression,
    standard: Standard,
    card: Mapping[str, Any],
) -> None:
    """Write a model whose parameters have the backbone's own names, so that they serve as the backbone's weights.

    Args:
        path: ends in ``.safetensors``
        state: parameters
        model: what they are of
        standard: of the opinions that it was trained on
        card: JSON-able
    """
    trained.save(path, own_names(state), DECLARATION, standard, model.about, card)


def load(path: Path) -> tuple[Regression, Standard]:
    """Read a model, and the scale of its outputs.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """
    return trained.load(
        path, lambda tensors, about: Regression.rebuilt(path, tensors, about), "deepmse train finetune"
    )
