"""The networks and layers of the deep-feature paper, and the nodes of torchvision and timm that stand for them.

N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
Informatics 39, 2020, tables 1 and 2. Its layer names are those of MATLAB and Keras. This module imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Library = Literal["torchvision", "timm", "own"]


@dataclass(frozen=True)
class BackboneInfo:
    """A network that features are taken from.

    Attributes:
        name: on the command line
        title: as its authors call it
        library: what has it
        model: its name there
        size: side of the square that it takes, in pixels
        logits: the layer, as in :data:`TAPS` or a node, that it classifies by; the paper fine-tunes on top of it
        note: how it differs from the network that the paper has
    """

    name: str
    title: str
    library: Library
    model: str
    size: int
    logits: str
    note: str = ""


BACKBONES: Final = {
    info.name: info
    for info in (
        BackboneInfo("alexnet", "AlexNet", "torchvision", "alexnet", 227, "fc8", "without its two groups of filters"),
        BackboneInfo("vgg16", "VGG16", "torchvision", "vgg16", 224, "fc8"),
        BackboneInfo(
            "googlenet",
            "GoogLeNet",
            "torchvision",
            "googlenet",
            224,
            "loss3-classifier",
            "with batch normalisation, and 3×3 filters for 5×5",
        ),
        BackboneInfo("squeezenet", "SqueezeNet 1.1", "torchvision", "squeezenet1_1", 227, "classifier.1"),
        BackboneInfo(
            "shufflenet",
            "ShuffleNet V2 ×1.0",
            "torchvision",
            "shufflenet_v2_x1_0",
            224,
            "node_202",
            "ShuffleNet V2: neither library has V1, which the paper takes (×0.5, four groups)",
        ),
        BackboneInfo("inception-v3", "Inception-v3", "torchvision", "inception_v3", 299, "fc"),
        BackboneInfo("densenet201", "DenseNet-201", "torchvision", "densenet201", 224, "fc1000"),
        BackboneInfo("mobilenet-v2", "MobileNet-V2", "torchvision", "mobilenet_v2", 224, "Logits"),
        BackboneInfo(
            "resnet50", "ResNet-50", "torchvision", "resnet50", 224, "fc1000", "strides in the 3×3 convolutions"
        ),
        BackboneInfo(
            "resnet101", "ResNet-101", "torchvision", "resnet101", 224, "fc", "strides in the 3×3 convolutions"
        ),
        BackboneInfo("inception-resnet-v2", "Inception-ResNet-v2", "timm", "inception_resnet_v2", 299, "classif"),
        BackboneInfo("xception", "Xception", "timm", "legacy_xception", 299, "predictions"),
        BackboneInfo("nasnet-large", "NASNet-Large", "timm", "nasnetalarge", 331, "predictions"),
        BackboneInfo("efficientnet-lite0", "EfficientNet-Lite0", "own", "efficientnet_lite0", 224, "head"),
    )
}


@dataclass(frozen=True)
class Tap:
    """A layer of the paper's tables.

    Attributes:
        backbone: the network's name here
        layer: the paper's name of the layer
        node: the library's name of it
        stated: features that the paper prints
        count: features of one image of the network's size here
        why: why the two differ
    """

    backbone: str
    layer: str
    node: str
    stated: int
    count: int
    why: str = ""


_V2: Final = "464 channels of ShuffleNet V2 for 544 of V1, on 7×7 positions"
_STAGE_5: Final = "2,048 channels on 7×7 positions; the paper prints the number of the stage before"

# The classifiers' layers, and of all others the value before the activation function where the paper's name says so:
# MATLAB and Keras name convolutions, sums and activations apart.
TAPS: Final = (
    Tap("alexnet", "fc8", "classifier.6", 1_000, 1_000),
    Tap("alexnet", "fc7", "classifier.4", 4_096, 4_096),
    Tap("alexnet", "fc6", "classifier.1", 4_096, 4_096),
    Tap("vgg16", "fc8", "classifier.6", 1_000, 1_000),
    Tap("vgg16", "fc7", "classifier.3", 4_096, 4_096),
    Tap("vgg16", "fc6", "classifier.0", 4_096, 4_096),
    Tap("vgg16", "conv5_3", "features.28", 100_352, 100_352),
    Tap("vgg16", "conv5_2", "features.26", 100_352, 100_352),
    Tap("vgg16", "conv5_1", "features.24", 100_352, 100_352),
    Tap("googlenet", "loss3-classifier", "fc", 1_000, 1_000),
    Tap("googlenet", "inception5b-output", "inception5b", 50_176, 50_176),
    Tap("googlenet", "inception4e-output", "inception4e", 163_072, 163_072),
    Tap("squeezenet", "fire8-concat", "features.11", 100_352, 100_352),
    Tap("squeezenet", "fire7-concat", "features.10", 75_264, 75_264),
    Tap("squeezenet", "fire6-concat", "features.9", 75_264, 75_264),
    Tap("shufflenet", "node_202", "fc", 1_000, 1_000),
    Tap("shufflenet", "node_198", "stage4.3", 26_656, 22_736, _V2),
    Tap("shufflenet", "node_186", "stage4.2", 26_656, 22_736, _V2),
    Tap("shufflenet", "node_174", "stage4.1", 26_656, 22_736, _V2),
    Tap("inception-v3", "mixed9", "Mixed_7b", 131_072, 131_072),
    Tap("inception-v3", "mixed8", "Mixed_7a", 81_920, 81_920),
    Tap("inception-v3", "mixed6", "Mixed_6d", 221_952, 221_952),
    Tap("densenet201", "fc1000", "classifier", 1_000, 1_000),
    Tap("densenet201", "conv5_block32_concat", "features.denseblock4", 94_080, 94_080),
    Tap("densenet201", "conv5_block31_concat", "features.denseblock4.denselayer32.cat", 92_512, 92_512),
    Tap("densenet201", "conv5_block30_concat", "features.denseblock4.denselayer31.cat", 90_944, 90_944),
    Tap("mobilenet-v2", "Logits", "classifier.1", 1_000, 1_000),
    Tap("mobilenet-v2", "Conv_1", "features.18.0", 62_720, 62_720),
    Tap("mobilenet-v2", "block_16_project", "features.17.conv.2", 15_680, 15_680),
    Tap("mobilenet-v2", "block_15_add", "features.16.add", 7_840, 7_840),
    Tap("resnet50", "fc1000", "fc", 1_000, 1_000),
    Tap("resnet50", "add_16", "layer4.2.add", 100_352, 100_352),
    Tap("resnet50", "add_15", "layer4.1.add", 100_352, 100_352),
    Tap("resnet50", "add_14", "layer4.0.add", 200_704, 100_352, _STAGE_5),
    Tap("resnet50", "add_12", "layer3.4.add", 200_704, 200_704),
    Tap("resnet101", "res5b", "layer4.1.add", 200_704, 100_352, _STAGE_5),
    Tap("resnet101", "res5a", "layer4.0.add", 200_704, 100_352, _STAGE_5),
    Tap("resnet101", "res4b21", "layer3.21.add", 200_704, 200_704),
    Tap("inception-resnet-v2", "block8_9", "repeat_2.8.add", 133_120, 133_120),
    Tap("inception-resnet-v2", "block8_8", "repeat_2.7.add", 133_120, 133_120),
    Tap("inception-resnet-v2", "block8_7", "repeat_2.6.add", 133_120, 133_120),
    Tap("xception", "predictions", "fc", 1_000, 1_000),
    Tap(
        "xception",
        "add_12",
        "block12",
        1_000,
        102_400,
        "1,024 channels on 10×10 positions; the paper prints the classifier's number",
    ),
    Tap("xception", "add_11", "block11", 262_808, 262_808),
    Tap("xception", "add_10", "block10", 262_808, 262_808),
    Tap("nasnet-large", "predictions", "last_linear", 1_000, 1_000),
    Tap("nasnet-large", "normal_concat_17", "cell_16", 487_872, 487_872),
    Tap("nasnet-large", "normal_concat_16", "cell_15", 487_872, 487_872),
    Tap("nasnet-large", "normal_concat_13", "cell_12", 487_872, 487_872),
    Tap("nasnet-large", "reduction_concat_reduce12", "reduction_cell_1", 325_248, 325_248),
)


def node_of(backbone: str, layer: str) -> str:
    """The library's node for a layer: what :data:`TAPS` says, else the name itself."""
    return next((tap.node for tap in TAPS if (tap.backbone, tap.layer) == (backbone, layer)), layer)


def layers_of(backbone: str) -> tuple[str, ...]:
    """The paper's layers of a network, the deepest first."""
    return tuple(tap.layer for tap in TAPS if tap.backbone == backbone)
