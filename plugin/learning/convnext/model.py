"""ConvNeXt with one neuron of regression on top.

B. Padmaja, H. H. Al Hamed, A. J. Reddy, M. D. Reddy, "Deep learning for no-reference image quality assessment":
a pretrained ConvNeXt (Z. Liu et al., "A ConvNet for the 2020s", CVPR 2022) whose classifier gives way to a regression
head behind its global average pooling.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import nn

from ...errors import UsageError, WeightsError
from ...images.sizes import between
from ...metrics.models import GRADES, Declaration
from ...networks.backbones import TIMM, Backbone, build, fresh
from .. import trained
from ..crops import mirrored
from ..regression import Regression, own_names
from ..trained import Standard

DECLARATION: Final = Declaration("convnext", grades=GRADES)
"""Scores are opinions of 0 to 100; the words are for the fifths of that scale."""

VARIANTS: Final = ("atto", "femto", "pico", "nano", "tiny", "small", "base", "large")
"""The sizes of network, the smallest first, as timm has them."""

SHORTEST: Final = 32
"""Pixels of the shorter side, at least: four halvings after a stem that takes every fourth pixel."""

#: What pools over the picture and normalises, the last before the classifier.
_LAYER: Final = "head.norm"


class ConvNext(Regression):
    """A ConvNeXt with one neuron on top.

    Attributes:
        longest: pixels of a picture's longer side, at most; of the working size
    """

    longest: int = 0

    @property
    def first(self) -> nn.Conv2d:
        """The first convolution, whose kernels see the picture."""
        found: Any = self.backbone.get_submodule("graph.stem.0")
        return cast(nn.Conv2d, found)


def started(
    variant: str, longest: int, weights: str | Path | None = None, *, scratch: bool = False
) -> tuple[ConvNext, str | None]:
    """A network to train, and why it starts from random parameters; None where it is pretrained.

    Args:
        variant: one of ``VARIANTS``
        longest: see :class:`ConvNext`
        weights: of the pretrained network: a file or folder, or None to search
        scratch: start from random parameters whatever is at hand

    Raises:
        UsageError: if there is no such variant
        WeightsError: if ``weights`` is given and does not hold them
    """
    if variant not in VARIANTS:
        near = get_close_matches(variant, VARIANTS, 1, cutoff=0)[0]
        raise UsageError(f"no ConvNeXt {variant!r}; the nearest is {near}; there are {', '.join(VARIANTS)}")
    name = f"{TIMM}convnext_{variant}"
    found: Backbone
    reason = "as was asked for" if scratch else None
    if scratch:
        found = fresh(name, [_LAYER])
    else:
        try:
            found = build(name, [_LAYER], weights)
        except WeightsError as error:
            if weights is not None:
                raise
            reason = str(error)
            found = fresh(name, [_LAYER])
    model = ConvNext(found)
    model.longest = longest
    return model.requires_grad_(True), reason


def at_working_size(images: torch.Tensor, longest: int) -> torch.Tensor:
    """Bring images to the size that a model looks at, keeping their shape.

    Reduced until the longer side has no more than ``longest`` pixels; a side of fewer than ``SHORTEST`` then is
    continued by mirroring.

    Args:
        images: uint8, shape (N, 3, H, W)
        longest: pixels
    """
    images = between(images, 1, longest)
    if min(images.shape[-2:]) >= SHORTEST:
        return images
    continued = [mirrored(image.permute(1, 2, 0).cpu().numpy(), SHORTEST) for image in images]
    return torch.from_numpy(np.stack(continued)).permute(0, 3, 1, 2)


def sizing(longest: int) -> str:
    """What :func:`at_working_size` does, in words."""
    return (
        f"aspect ratio kept; reduced, antialiased bilinear in 8 bit, until the longer side has at most {longest} "
        f"pixels; a side of fewer than {SHORTEST} is continued by mirroring at its right or lower edge"
    )


def save(
    path: Path, state: Mapping[str, torch.Tensor], model: ConvNext, standard: Standard, card: Mapping[str, Any]
) -> None:
    """Write a model whose parameters have timm's own names, so that they serve as pretrained weights.

    Args:
        path: ends in ``.safetensors``
        state: parameters
        model: what they are of
        standard: of the opinions that it was trained on
        card: JSON-able
    """
    about = {**model.about, "longest": model.longest}
    trained.save(path, own_names(state), DECLARATION, standard, about, card)


def load(path: Path) -> tuple[ConvNext, Standard]:
    """Read a model, and the scale of its outputs.

    Raises:
        WeightsError: if it is not there or no model of this kind
    """

    def made(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> ConvNext:
        model = ConvNext.rebuilt(path, tensors, about)
        model.longest = int(about["longest"])
        return model

    return trained.load(path, made, "deepmse train convnext")
