"""Tables 1, 2 and 10 of the deep-feature paper: layers of networks by what a linear regression makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...datasets import dataset_info
from ...evaluation.splits import Split, k_fold
from ...learning.features.extraction import Extractor
from ...networks.taps import BACKBONES
from ..context import Context
from ..outcome import Entry, Outcome
from . import data
from .svr import out_of_fold, products

TOLERANCE: Final = 0.05
"""Largest difference of a correlation that passes: folds, crops, weights and the regression's settings are others."""

FOLDS: Final = 5

PAPER: Final = "tid2013"
"""Which dataset tables 1 and 2 are on is only said of table 10, which repeats rows of table 2."""


@dataclass(frozen=True)
class Line:
    """A row of a table.

    Attributes:
        backbone: the network
        layer: the layer
        published: RMSE, PLCC, SROCC and KROCC
    """

    backbone: str
    layer: str
    published: tuple[float | None, ...] = (None,) * len(data.STATISTICS)

    @property
    def label(self) -> str:
        """Network and layer in print."""
        return f"{BACKBONES[self.backbone].title}, {self.layer}"

    def values(self) -> dict[str, float | None]:
        """What is published, by statistic."""
        return dict(zip(data.STATISTICS, self.published, strict=True))


TABLE_1: Final = (
    Line("alexnet", "fc8", (0.7729, 0.7679, 0.7435, 0.5512)),
    Line("alexnet", "fc7", (0.7784, 0.7865, 0.7700, 0.5760)),
    Line("alexnet", "fc6", (0.7648, 0.7904, 0.7761, 0.5802)),
    Line("vgg16", "conv5_3", (0.8148, 0.8343, 0.8214, 0.6309)),
    Line("vgg16", "conv5_2", (0.7879, 0.8433, 0.8354, 0.6471)),
    Line("vgg16", "conv5_1", (0.7274, 0.8377, 0.8327, 0.6478)),
    Line("googlenet", "loss3-classifier", (0.7966, 0.7483, 0.7259, 0.5359)),
    Line("googlenet", "inception5b-output", (0.6680, 0.8266, 0.8176, 0.6232)),
    Line("googlenet", "inception4e-output", (0.9313, 0.6877, 0.8241, 0.6364)),
    Line("squeezenet", "fire8-concat", (0.8588, 0.7956, 0.7835, 0.5878)),
    Line("squeezenet", "fire7-concat", (0.7875, 0.8139, 0.8065, 0.6101)),
    Line("squeezenet", "fire6-concat", (0.7655, 0.8107, 0.8115, 0.6181)),
    Line("shufflenet", "node_202", (0.9566, 0.6856, 0.6597, 0.4724)),
    Line("shufflenet", "node_198", (0.9127, 0.6946, 0.6477, 0.4717)),
    Line("shufflenet", "node_174", (0.8708, 0.7091, 0.6642, 0.4820)),
    Line("inception-v3", "mixed9", (0.7198, 0.8036, 0.7551, 0.5706)),
    Line("inception-v3", "mixed8", (0.6802, 0.8286, 0.7921, 0.6122)),
    Line("inception-v3", "mixed6", (0.7190, 0.8082, 0.7718, 0.5911)),
    Line("densenet201", "conv5_block32_concat", (0.6645, 0.8375, 0.8127, 0.6328)),
    Line("densenet201", "conv5_block31_concat", (0.6494, 0.8413, 0.8165, 0.6362)),
    Line("densenet201", "conv5_block30_concat", (0.6690, 0.8393, 0.8115, 0.6289)),
    Line("mobilenet-v2", "block_15_add", (0.7317, 0.8050, 0.7717, 0.5840)),
    Line("mobilenet-v2", "Conv_1", (0.7416, 0.7897, 0.7654, 0.5757)),
    Line("mobilenet-v2", "block_16_project", (0.7283, 0.7923, 0.7680, 0.5717)),
    Line("resnet50", "add_15", (0.6422, 0.8455, 0.8317, 0.6458)),
    Line("resnet50", "add_14", (0.6449, 0.8470, 0.8320, 0.6455)),
    Line("resnet50", "add_12", (0.6608, 0.8376, 0.8310, 0.6405)),
    Line("resnet101", "res5b", (0.6758, 0.8312, 0.8156, 0.6273)),
    Line("resnet101", "res5a", (0.6980, 0.8362, 0.8265, 0.6416)),
    Line("resnet101", "res4b21", (0.6819, 0.8305, 0.8102, 0.6274)),
    Line("inception-resnet-v2", "block8_9", (0.6851, 0.8216, 0.7873, 0.6006)),
    Line("inception-resnet-v2", "block8_8", (0.6871, 0.8199, 0.7856, 0.6059)),
    Line("inception-resnet-v2", "block8_7", (0.6945, 0.8171, 0.7776, 0.5953)),
    Line("xception", "add_12", (0.7786, 0.7590, 0.7094, 0.5251)),
    Line("xception", "add_11", (0.7443, 0.7855, 0.7500, 0.5607)),
    Line("xception", "add_10", (0.7502, 0.7882, 0.7462, 0.5616)),
    Line("nasnet-large", "predictions", (0.8858, 0.7347, 0.7288, 0.5385)),
    Line("nasnet-large", "normal_concat_13", (0.5735, 0.8909, 0.8982, 0.7160)),
    Line("nasnet-large", "reduction_concat_reduce12", (0.7095, 0.8438, 0.8555, 0.6721)),
)
TABLE_10: Final = (
    Line("nasnet-large", "predictions", (0.4432, 0.9357, 0.9327, 0.7768)),
    Line("nasnet-large", "normal_concat_17", (0.5117, 0.9129, 0.9006, 0.732)),
    Line("nasnet-large", "normal_concat_16", (0.5242, 0.9041, 0.8879, 0.7139)),
)
TABLE_2: Final = (
    Line("vgg16", "fc8", (0.6407, 0.8474, 0.8323, 0.6426)),
    Line("vgg16", "fc7", (0.7594, 0.8121, 0.7944, 0.5994)),
    Line("vgg16", "fc6", (1.0467, 0.6827, 0.6672, 0.4834)),
    Line("shufflenet", "node_202", (0.7391, 0.8115, 0.7934, 0.5993)),
    Line("shufflenet", "node_198", (0.7541, 0.792, 0.7751, 0.5805)),
    Line("shufflenet", "node_186", (0.7612, 0.7912, 0.758, 0.568)),
    Line("densenet201", "fc1000", (0.535, 0.8966, 0.8826, 0.7022)),
    Line("densenet201", "conv5_block32_concat", (0.5439, 0.8943, 0.8818, 0.7024)),
    Line("densenet201", "conv5_block30_concat", (0.5061, 0.9085, 0.896, 0.7228)),
    Line("mobilenet-v2", "Logits", (0.5784, 0.8736, 0.8583, 0.6704)),
    Line("mobilenet-v2", "Conv_1", (0.605, 0.8616, 0.8438, 0.6531)),
    Line("mobilenet-v2", "block_16_project", (0.6454, 0.8425, 0.8211, 0.6326)),
    Line("resnet50", "fc1000", (0.5129, 0.9065, 0.897, 0.7211)),
    Line("resnet50", "add_16", (0.5037, 0.9066, 0.8946, 0.7167)),
    Line("resnet50", "add_15", (0.4978, 0.9094, 0.9039, 0.7307)),
    Line("inception-resnet-v2", "block8_9", (0.4676, 0.925, 0.9187, 0.7586)),
    Line("inception-resnet-v2", "block8_7", (0.4729, 0.9268, 0.9202, 0.7596)),
    Line("inception-resnet-v2", "block8_8", (0.4684, 0.9282, 0.923, 0.7654)),
    Line("xception", "predictions", (0.5704, 0.8946, 0.8833, 0.6989)),
    Line("xception", "add_12", (0.5712, 0.8867, 0.8775, 0.6946)),
    Line("xception", "add_10", (0.7044, 0.8148, 0.7958, 0.6003)),
    *TABLE_10,
)

#: The modules of a network whose weights are easily had, from the last to the first that still sees parts of things.
REMOVED: Final = tuple(Line("squeezenet", f"features.{index}") for index in (12, 11, 10, 9, 7, 6, 4, 3))

_NOTES: Final = (
    "One random crop of the network's size for each image, not resized; support vectors with a linear kernel, whose "
    "penalty is chosen within the training images.",
    "RMSE is after the logistic fit, in the dataset's own units.",
    "Tables 1 and 2 do not name their dataset; as table 10 repeats rows of table 2, it is taken to be TID2013.",
)


def measure_1(context: Context) -> Outcome:
    """Table 1: layers of networks as they were trained on ImageNet.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    failures = data.Failures()
    judged = data.at_hand((*data.DATASETS, *data.AT_HAND), context, failures)
    entries, settings = _measured(TABLE_1, judged, context, failures, _pretrained, _both_ways)
    return Outcome(
        "features-1",
        "Layers of pre-trained networks with linear support vectors: deep-feature paper, table 1",
        tuple(entries),
        settings,
        tuple(dict.fromkeys(failures.lacking)),
        notes=(
            *_NOTES,
            f"{FOLDS} folds, so that each image is judged once. The paper does not say how it splits. Its numbers "
            "are compared with those of a split by image, where a picture's copies are in training and in test: that "
            "does not measure how well another picture would be judged, and the split by reference does.",
        ),
    )


def measure_2(context: Context) -> Outcome:
    """Table 2: layers of networks that were fine-tuned on opinions.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    failures = data.Failures()
    judged = data.at_hand((*data.DATASETS, *data.AT_HAND), context, failures)
    entries, settings = _measured(TABLE_2, judged, context, failures, _finetuned, _once, ", fine-tuned")
    return Outcome(
        "features-2",
        "Layers of fine-tuned networks with linear support vectors: deep-feature paper, table 2",
        tuple(entries),
        settings,
        tuple(dict.fromkeys(failures.lacking)),
        notes=(*_NOTES, _TUNED_NOTE, data.SPLIT_NOTE),
    )


def measure_10(context: Context) -> Outcome:
    """Table 10: a network whose last layers are removed.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    failures = data.Failures()
    judged = data.at_hand((PAPER, *data.AT_HAND), context, failures)
    tuned, settings = _measured(TABLE_10, judged, context, failures, _finetuned, _once, ", fine-tuned")
    cut, more = _measured(REMOVED, judged, context, failures, _pretrained, _by_reference)
    return Outcome(
        "features-10",
        "Removal of a network's last layers: deep-feature paper, table 10",
        (*tuned, *cut),
        {**settings, **more},
        tuple(dict.fromkeys(failures.lacking)),
        notes=(
            *_NOTES,
            _TUNED_NOTE,
            data.SPLIT_NOTE,
            "The rows of SqueezeNet are not the paper's: it is as it was trained on ImageNet, cut behind one module "
            "after the other.",
        ),
    )


_TUNED_NOTE: Final = (
    f"The networks are fine-tuned on {1 - data.TEST_SHARE:.0%} of the references and tested on the others. The "
    "paper's were fine-tuned on all images of its five datasets together, those that it then tests on among them."
)


@dataclass(frozen=True)
class Plan:
    """A way of testing.

    Attributes:
        name: in print
        splits: into "training" and "test"
        published: whether the paper's values are shown beside what it gives
        tolerance: largest difference from them that passes; None where the two do not compare
    """

    name: str
    splits: Sequence[Split]
    published: bool = False
    tolerance: float | None = None


Source = Callable[[data.Judged, str, Sequence[str], Context], Extractor]


def _pretrained(judged: data.Judged, backbone: str, layers: Sequence[str], context: Context) -> Extractor:
    return data.extractor(backbone, layers, context)


def _finetuned(judged: data.Judged, backbone: str, layers: Sequence[str], context: Context) -> Extractor:
    training = judged.labelled(judged.split()["training"])
    weights = data.tuned_weights(backbone, judged.dataset.name, training, context)
    return data.extractor(backbone, layers, context, weights=weights)


def _by_reference(judged: data.Judged) -> list[Plan]:
    # Photographs without a reference are each by itself.
    folds = min(FOLDS, len({*judged.references})) if any(judged.references) else FOLDS
    return [Plan("split by reference", k_fold(judged.references, folds))]


def _both_ways(judged: data.Judged) -> list[Plan]:
    by_image = k_fold([None] * len(judged.paths), FOLDS)
    return [*_by_reference(judged), Plan("split by image", by_image, published=True, tolerance=TOLERANCE)]


def _once(judged: data.Judged) -> list[Plan]:
    return [Plan("one split by reference", [judged.split()], published=True)]


def _measured(
    lines: Sequence[Line],
    judged: Mapping[str, data.Judged],
    context: Context,
    failures: data.Failures,
    source: Source,
    plans: Callable[[data.Judged], list[Plan]],
    suffix: str = "",
) -> tuple[list[Entry], dict[str, Any]]:
    """Entries of every line on every dataset, and the settings of what was measured."""
    entries: list[Entry] = []
    settings: dict[str, Any] = {}
    for name, backbone, rows in _cells(lines, judged):
        title = dataset_info(name).title
        each = judged.get(name)
        reason = f"{title} is not at hand"
        kernels: dict[str, NDArray[np.float64]] = {}
        if each is not None:
            with failures.caught(f"{BACKBONES[backbone].title}{suffix}") as reasons:
                take = source(each, backbone, [line.layer for line in rows], context)
                kernels = _kernels(each, take, context)
                settings[f"{name}, {backbone}{suffix}"] = take.describe()
            reason = "".join(reasons)
        for line in rows:
            label = f"{line.label}{suffix}"
            published = line.values() if name == PAPER else {}
            if each is None or line.layer not in kernels:
                entries += data.entries(label, title, None, published, reason=reason)
                continue
            for plan in plans(each):
                row = each.agreement(out_of_fold(kernels[line.layer], each.learnt, each.references, plan.splits))
                entries += data.entries(
                    label,
                    f"{title}, {plan.name}",
                    row,
                    published if plan.published else {},
                    tolerance=plan.tolerance,
                )
    return entries, settings


def _cells(lines: Sequence[Line], judged: Iterable[str]) -> Iterable[tuple[str, str, list[Line]]]:
    """Datasets, of which the paper's comes first, with networks and their lines."""
    for name in dict.fromkeys((PAPER, *judged)):
        for backbone in dict.fromkeys(line.backbone for line in lines):
            yield name, backbone, [line for line in lines if line.backbone == backbone]


def _kernels(judged: data.Judged, take: Extractor, context: Context) -> dict[str, NDArray[np.float64]]:
    """Products of the features of each layer, which are kept in a file; the features, which are large, are not."""
    path = context.out / f"{data.file_name(judged, take)}.products.npz"
    if not path.exists():
        features, table = data.extract(judged, take, context)
        kernels = {layer: products(table.of(layer)[:, 0]) for layer in take.backbone.layers}
        np.savez(path, **kernels)  # type: ignore[arg-type]
        for file in (features, features.with_suffix(".json")):
            file.unlink()
    with np.load(path) as saved:
        return {layer: saved[layer] for layer in take.backbone.layers}
