"""EfficientNet-Lite0: the frozen network whose activations the packaged no-reference model reads.

M. Tan, Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, without
squeeze-and-excitation and with ReLU6 (R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import nn

from ..errors import WeightsError
from ..weights import Weights, resolve
from ..weights.published import EFFICIENTNET_LITE0
from .convolution import PointwiseConv2d, relu6_

#: Repeats, kernel, stride of the first, expansion and output channels of the blocks (Tan and Le 2019, table 1).
STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS: Final = 32
HEAD_CHANNELS: Final = 1280

#: What the weights expect of RGB on a scale of 255.
MEAN: Final = 127.0
STD: Final = 128.0

_BATCH_NORM_EPSILON: Final = 1e-3


class SameConv2d(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME: what does not divide evenly goes to the bottom and the right."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 (PyTorch's name)
        """Map (N, channels, h, w) to (N, out_channels, ceil(h / stride), ceil(w / stride))."""
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        vertical, horizontal = (
            max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in input.shape[-2:]
        )
        # A pixel more before the image, under a tap of zero: the same sums without a padded copy of the image.
        weight = F.pad(self.weight, (horizontal % 2, 0, vertical % 2, 0))
        padding = (-(-vertical // 2), -(-horizontal // 2))
        return F.conv2d(input, weight, self.bias, self.stride, padding, self.dilation, self.groups)


class InvertedResidual(nn.Module):
    """Expand by 1×1, filter each channel by k×k, project by 1×1 (Tan and Le 2019, MBConv).

    Args:
        channels: input channels
        expansion: how many times as many there are in between
        out: output channels
        kernel: side of the filters
        stride: of the filters
    """

    def __init__(self, channels: int, expansion: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.expand = PointwiseConv2d(channels, inner) if expansion > 1 else None
        self.depthwise = SameConv2d(inner, inner, kernel, stride, groups=inner)
        self.project = PointwiseConv2d(inner, out)
        self.residual = channels == out and stride == 1

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What follows the depthwise filters, (N, inner, h, w), and the output, (N, out, h, w)."""
        inner = x if self.expand is None else relu6_(self.expand(x))
        inner = relu6_(self.depthwise(inner))
        projected = self.project(inner)
        return inner, projected.add_(x) if self.residual else projected


class EfficientNetLite0(nn.Module):
    """The convolutional part, batch normalisation folded into the convolutions.

    Its activations are named ``stem``, ``block0`` to ``block15`` and ``head``, and ``block0.depthwise`` to
    ``block15.depthwise`` for what each block projects from; :meth:`channels` says how many channels each has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv2d(3, STEM_CHANNELS, 3, 2)
        self.blocks = nn.ModuleList()
        channels = STEM_CHANNELS
        for repeats, kernel, stride, expansion, out in STAGES:
            for repeat in range(repeats):
                self.blocks.append(InvertedResidual(channels, expansion, out, kernel, stride if repeat == 0 else 1))
                channels = out
        self.head = PointwiseConv2d(channels, HEAD_CHANNELS)

    def forward(self, images: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        """Name and value, (N, channels, h, w), of each activation, computed as far as they are asked for.

        Args:
            images: uint8 RGB, shape (N, 3, H, W)
        """
        x = images.to(self.stem.weight.dtype, memory_format=torch.channels_last)
        x = relu6_(self.stem(x.sub(MEAN).div_(STD)))
        yield "stem", x
        for index, block in enumerate(self.blocks):
            inner, x = block(x)
            yield f"block{index}.depthwise", inner
            yield f"block{index}", x
        yield "head", relu6_(self.head(x))

    def channels(self) -> dict[str, int]:
        """How many channels each activation has, in the order of :meth:`forward`."""
        with torch.device("meta"):
            image = torch.empty(1, 3, 32, 32)
        return {name: value.shape[1] for name, value in copy.deepcopy(self).to("meta")(image)}


def build(weights: str | Path | Weights | None = None) -> tuple[EfficientNetLite0, Weights]:
    """Build the frozen network in evaluation mode and channels-last memory.

    Args:
        weights: a file or folder, weights already loaded, or None to search (see :mod:`..weights.search`)

    Returns:
        the network, and the weights it holds

    Raises:
        WeightsError: if no fitting weights are found
    """
    loaded = weights if isinstance(weights, Weights) else resolve(EFFICIENTNET_LITE0, weights)
    with torch.device("meta"):
        network = EfficientNetLite0()
    try:
        network.load_state_dict(_folded(loaded.tensors), assign=True)
    except (KeyError, RuntimeError) as error:
        raise WeightsError(f"{loaded.path}: not the weights of EfficientNet-Lite0 ({error})") from error
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last), loaded


def _folded(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Convolutions that include the batch normalisation behind them, by this module's names."""
    pairs = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for index in range(sum(repeats for repeats, *_ in STAGES)):
        source, target = f"_blocks.{index}", f"blocks.{index}"
        if f"{source}._expand_conv.weight" in tensors:
            pairs[f"{target}.expand"] = (f"{source}._expand_conv", f"{source}._bn0")
        pairs[f"{target}.depthwise"] = (f"{source}._depthwise_conv", f"{source}._bn1")
        pairs[f"{target}.project"] = (f"{source}._project_conv", f"{source}._bn2")

    folded = {}
    for target, (convolution, norm) in pairs.items():
        deviation = (tensors[f"{norm}.running_var"] + _BATCH_NORM_EPSILON).sqrt()
        gain = tensors[f"{norm}.weight"] / deviation
        folded[f"{target}.weight"] = tensors[f"{convolution}.weight"] * gain[:, None, None, None]
        folded[f"{target}.bias"] = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * gain
    return folded
