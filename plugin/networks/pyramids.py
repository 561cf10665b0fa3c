"""Where a backbone's activations have a half, a quarter, an eighth and a sixteenth of the image's sides."""

from __future__ import annotations

from typing import Final

from ..errors import UsageError
from .backbones import TIMM, backbone_info

SCALES: Final = 4

_LAYERS: Final = {
    "vgg16": ("features.4", "features.9", "features.16", "features.23"),
    "resnet50": ("relu", "layer1", "layer2", "layer3"),
    "inception-v3": ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e"),
    "squeezenet": ("features.1", "features.4", "features.7", "features.12"),
    # Its first convolution takes every fourth pixel: there is no half.
    "alexnet": ("features.1", "features.4", "features.7", "features.11"),
    "efficientnet-lite0": ("block0", "block2", "block4", "block10"),
}

ENCODERS: Final = tuple(_LAYERS)
"""The backbones whose scales are known by name; timm's models are named ``timm:NAME``."""


def pyramid(name: str) -> tuple[str, ...]:
    """The layers of four scales of a backbone, the finest first.

    Args:
        name: one of ``ENCODERS``, or ``timm:NAME``, whose first four feature levels are taken

    Raises:
        UsageError: if there is no such encoder, or it has fewer scales
    """
    if name in _LAYERS:
        return _LAYERS[name]
    if not name.startswith(TIMM):
        raise UsageError(f"no encoder {name!r}; there are {', '.join(ENCODERS)} and {TIMM}NAME")
    import timm

    info = backbone_info(name)
    levels = getattr(timm.create_model(info.model), "feature_info", None) or []
    if len(levels) < SCALES:
        raise UsageError(f"{info.title}: has {len(levels)} feature levels, and {SCALES} are needed")
    return tuple(map(str, range(SCALES)))
