"""SqueezeNet 1.1: the convolutional part that DeepMSE reads its stages from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import nn

from ..errors import WeightsError
from ..weights import Weights, read_array_pickle, resolve
from ..weights.published import SQUEEZENET1_1
from .convolution import PointwiseConv2d

#: Indices into torchvision's ``squeezenet1_1().features`` and names of what they give, in the notation of
#: Iandola et al. 2016, table 1.
LAYERS: Final = {
    1: "conv1",
    2: "pool1",
    4: "fire3",
    5: "pool3",
    7: "fire5",
    8: "pool5",
    9: "fire6",
    12: "fire9",
}

#: ImageNet statistics of RGB in [0, 1], which the weights expect to be taken out.
MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)


class Fire(nn.Module):
    """Squeeze to few channels, then expand by 1×1 and 3×3 filters side by side (Iandola et al. 2016, section 3.2).

    Args:
        channels: input channels
        squeeze: channels in between
        expand: output channels of each of the two kinds of filter
    """

    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = PointwiseConv2d(channels, squeeze)
        self.expand1x1 = PointwiseConv2d(squeeze, expand)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, channels, h, w) to (N, 2 expand, h, w)."""
        squeezed = self.squeeze(x).relu_()
        return torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1).relu_()


def features() -> nn.Sequential:
    """The layers of torchvision's ``squeezenet1_1().features``, by the same indices and parameter names.

    They are written out here because importing torchvision's models takes longer than scoring a hundred pairs.
    """

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, stride=2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 64, 3, stride=2),
        nn.ReLU(inplace=True),
        pool(),
        Fire(64, 16, 64),
        Fire(128, 16, 64),
        pool(),
        Fire(128, 32, 128),
        Fire(256, 32, 128),
        pool(),
        Fire(256, 48, 192),
        Fire(384, 48, 192),
        Fire(384, 64, 256),
        Fire(512, 64, 256),
    )


def build(weights: str | Path | Weights | None = None) -> tuple[nn.Sequential, Weights]:
    """Build the frozen feature stack in evaluation mode and channels-last memory.

    Args:
        weights: a file or folder, weights already loaded, or None to search (see :mod:`..weights.search`)

    Returns:
        the layers, and the weights they hold

    Raises:
        WeightsError: if no fitting weights are found
    """
    loaded = weights if isinstance(weights, Weights) else resolve(SQUEEZENET1_1, weights)
    with torch.device("meta"):
        layers = features()
    try:
        layers.load_state_dict(
            {key.removeprefix("features."): value for key, value in loaded.tensors.items()}, assign=True
        )
    except RuntimeError as error:
        raise WeightsError(f"{loaded.path}: not the weights of SqueezeNet 1.1 ({error})") from error
    return layers.eval().requires_grad_(False).to(memory_format=torch.channels_last), loaded


def read_caffe(path: Path) -> dict[str, torch.Tensor]:
    """The original Caffe network as torchvision parameters that take ImageNet-normalised RGB.

    Caffe's takes BGR minus (104, 117, 123) on a scale of 255. Its first layer has no padding, so the change of
    input folds into that layer's weights exactly.
    """
    layers = read_array_pickle(path)
    tensors = {}
    for target, source in _caffe_names().items():
        kernel, bias = layers[source]
        tensors[f"{target}.weight"] = torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous()
        tensors[f"{target}.bias"] = torch.from_numpy(bias).clone()

    kernel = tensors["features.0.weight"].flip(1)
    mean, std, caffe_mean = (
        torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD, (123 / 255, 117 / 255, 104 / 255))
    )
    tensors["features.0.bias"] += (255 * kernel * (mean - caffe_mean)).sum((1, 2, 3))
    tensors["features.0.weight"] = 255 * kernel * std
    return tensors


def _caffe_names() -> dict[str, str]:
    names = {"features.0": "conv1"}
    for index, fire in zip((3, 4, 6, 7, 9, 10, 11, 12), range(2, 10), strict=True):
        for target, source in (
            ("squeeze", "squeeze1x1"),
            ("expand1x1", "expand1x1"),
            ("expand3x3", "expand3x3"),
        ):
            names[f"features.{index}.{target}"] = f"fire{fire}/{source}"
    return names
