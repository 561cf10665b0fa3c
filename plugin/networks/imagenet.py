"""The convolutional parts of torchvision's AlexNet and VGG that perceptual metrics read features from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch import nn

from ..errors import WeightsError
from ..weights import ParameterFile, Weights, resolve
from . import squeezenet

#: Output channels of VGG's convolutions, by blocks; a pooling follows each (Simonyan and Zisserman 2015, table 1).
VGG16_BLOCKS: Final = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)
VGG19_BLOCKS: Final = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)


def alexnet_features() -> nn.Sequential:
    """The layers of torchvision's ``alexnet().features`` up to the last convolution's ReLU, by the same indices."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(inplace=True),
    )


def vgg_features(blocks: tuple[tuple[int, ...], ...]) -> nn.Sequential:
    """The layers of torchvision's ``vgg16().features`` or ``vgg19().features``, by the same indices."""
    layers: list[nn.Module] = []
    channels = 3
    for block in blocks:
        for width in block:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


_LAYERS: Final[Mapping[str, Callable[[], nn.Sequential]]] = {
    "alexnet": alexnet_features,
    "squeezenet1_1": squeezenet.features,
    "vgg16": partial(vgg_features, VGG16_BLOCKS),
    "vgg19": partial(vgg_features, VGG19_BLOCKS),
}


def build(network: ParameterFile, weights: str | Path | Weights | None = None) -> tuple[nn.Sequential, Weights]:
    """Build a frozen feature stack in evaluation mode.

    Args:
        network: AlexNet, VGG-16, VGG-19 or SqueezeNet 1.1
        weights: a file or folder, weights already loaded, or None to search (see :mod:`..weights.search`)

    Returns:
        the layers, and the weights they hold

    Raises:
        WeightsError: if no fitting weights are found
    """
    loaded = weights if isinstance(weights, Weights) else resolve(network, weights)
    with torch.device("meta"):
        layers = _LAYERS[network.name]()
    try:
        layers.load_state_dict(
            {key.removeprefix("features."): value for key, value in loaded.tensors.items()}, assign=True
        )
    except RuntimeError as error:
        raise WeightsError(f"{loaded.path}: not the weights of {network.name} ({error})") from error
    return layers.eval().requires_grad_(False), loaded
