"""Tables 4 to 7 of the deep-feature paper: its whole method, a Gaussian process on ten crops of each image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...datasets import dataset_info
from ...evaluation.splits import Split, k_fold
from ...learning.features.extraction import CROPS, Extractor
from ...learning.labels import LabelledImages, labelled
from ...learning.regressors import create
from ..context import Context
from ..outcome import Entry, Outcome
from . import data
from .figures import figures_of

FOLDS: Final = 5
REGRESSOR: Final = "gpr-bayesian"


@dataclass(frozen=True)
class Method:
    """What a Gaussian process is given.

    Attributes:
        title: in print
        backbone: the network
        layers: its layers, side by side
        pool: how their activations are pooled
        tuned: whether the network is fine-tuned on the training images
    """

    title: str
    backbone: str
    layers: tuple[str, ...]
    pool: str
    tuned: bool


PROPOSED: Final = Method("NASNet-Large, fine-tuned, predictions", "nasnet-large", ("predictions",), "none", True)
FROZEN: Final = Method(
    "EfficientNet-Lite0, pooled stages",
    "efficientnet-lite0",
    ("stem", *(f"block{index}" for index in range(16)), "head"),
    "mean+std",
    False,
)
METHODS: Final = (PROPOSED, FROZEN)

# RMSE, PLCC, SROCC and KROCC by dataset.
TABLE_4: Final = {
    "tid2013": (0.4300, 0.9685, 0.9717, 0.8636),
    "tid2008": (0.4316, 0.9487, 0.9504, 0.8161),
    "csiq": (0.0552, 0.9802, 0.9776, 0.8696),
    "live_release1": (4.5840, 0.9779, 0.9754, 0.8267),
    "live_release2": (3.5696, 0.9752, 0.9741, 0.8597),
}


@dataclass(frozen=True)
class Crossing:
    """A table of training on some datasets and testing on others.

    Attributes:
        number: the paper's, of the table
        category: the paper's name of what is trained on
        training: names of the training datasets
        published: RMSE, PLCC, SROCC and KROCC by dataset that is tested on
    """

    number: int
    category: str
    training: tuple[str, ...]
    published: Mapping[str, tuple[float, float, float, float]]


CROSSINGS: Final = {
    crossing.number: crossing
    for crossing in (
        Crossing(
            5,
            "category I, TID2008 and TID2013",
            ("tid2008", "tid2013"),
            {
                "live_release1": (5.1542, 0.8917, 0.8801, 0.8204),
                "live_release2": (4.7514, 0.8815, 0.8798, 0.8102),
                "csiq": (1.2172, 0.8912, 0.8814, 0.8204),
            },
        ),
        Crossing(
            6,
            "category II, CSIQ",
            ("csiq",),
            {
                "live_release1": (7.2174, 0.8617, 0.8531, 0.8278),
                "live_release2": (4.1572, 0.8421, 0.8681, 0.7907),
                "tid2008": (0.7524, 0.8157, 0.8624, 0.7124),
                "tid2013": (2.1872, 0.7214, 0.7189, 0.5891),
            },
        ),
        Crossing(
            7,
            "category III, LIVE",
            ("live_release1", "live_release2"),
            {
                "tid2008": (0.7813, 0.8354, 0.8781, 0.7254),
                "tid2013": (1.2415, 0.7354, 0.7257, 0.5914),
                "csiq": (2.1571, 0.8872, 0.8798, 0.8012),
            },
        ),
    )
}

_NOTES: Final = (
    f"{CROPS} random crops of each image. The process learns from the first of each training image; predictions for "
    "the crops of a test image are averaged. Matérn 5/2 covariance, its hyperparameters by Bayesian optimisation of "
    "the marginal likelihood.",
    "RMSE is after the logistic fit, in the dataset's own units.",
    f"The rows of {FROZEN.title} are not the paper's: the network is as it was trained on ImageNet.",
)
_CATEGORY_3: Final = "live_subset"
"""Stands in for LIVE where LIVE is not at hand."""


def measure_4(context: Context) -> Outcome:
    """Table 4, and figures 5 to 8 of each dataset.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    failures = data.Failures()
    judged = data.at_hand((*data.DATASETS, *data.AT_HAND), context, failures)
    entries: list[Entry] = []
    figures = []
    settings: dict[str, Any] = {}
    for method in METHODS:
        for name in dict.fromkeys((*TABLE_4, *judged)):
            title = dataset_info(name).title
            published = _published(TABLE_4.get(name)) if method is PROPOSED else {}
            each = judged.get(name)
            row, reason = None, f"{title} is not at hand"
            if each is not None:
                with failures.caught(method.title) as reasons:
                    predictions, settings[f"{name}, {method.title}"] = within(method, each, context)
                    row = each.agreement(predictions)
                    figures += [
                        (f"{name}.{method.backbone}.{kind}", figure) for kind, figure in figures_of(each, predictions)
                    ]
                reason = "".join(reasons) or "the paper's split is another"
            entries += data.entries(method.title, title, row, published, reason=reason if published else None)
    return Outcome(
        "features-4",
        "A Gaussian process on deep features: deep-feature paper, table 4 and figures 5 to 8",
        tuple(entries),
        settings,
        tuple(dict.fromkeys(failures.lacking)),
        notes=(
            *_NOTES,
            data.SPLIT_NOTE,
            f"A fine-tuned network is tested on {data.TEST_SHARE:.0%} of the references, one that is not on all "
            f"images, in {FOLDS} folds.",
        ),
        figures=tuple(figures),
    )


def measure_5(context: Context) -> Outcome:
    """Table 5: trained on TID."""
    return _cross(CROSSINGS[5], context)


def measure_6(context: Context) -> Outcome:
    """Table 6: trained on CSIQ."""
    return _cross(CROSSINGS[6], context)


def measure_7(context: Context) -> Outcome:
    """Table 7: trained on LIVE."""
    return _cross(CROSSINGS[7], context)


def within(method: Method, judged: data.Judged, context: Context) -> tuple[data.Vector, dict[str, Any]]:
    """Predictions for the images of one dataset, NaN where it was only trained on, and the settings.

    Raises:
        UsageError: if the network would have to be fine-tuned and there is no GPU, or an image cannot be used
        WeightsError: if the network's weights are not at hand
    """
    splits: Sequence[Split] = [judged.split()]
    if not method.tuned:
        folds = min(FOLDS, len({*judged.references})) if any(judged.references) else FOLDS
        splits = k_fold(judged.references, folds)
    predictions = np.full(len(judged.paths), np.nan)
    take = _extractor(method, judged.dataset.name, judged.labelled(splits[0]["training"]), context)
    _, table = data.extract(judged, take, context)
    for split in splits:
        training, test = split["training"], split["test"]
        predict = learn(np.asarray(table.features[training, 0]), judged.learnt[training])
        predictions[test] = predict(np.asarray(table.features[test]))
    return predictions, take.describe()


def learn(features: NDArray[np.floating], learnt: data.Vector) -> Callable[[NDArray[np.floating]], data.Vector]:
    """Condition a Gaussian process on features (N, D).

    Returns:
        predicts (M,) from features of K crops of each image, (M, K, D), averaging over the crops
    """
    mean = features.mean(0, dtype=np.float64)
    std = features.std(0, dtype=np.float64)
    std[std == 0] = 1
    level = learnt.mean()
    process = create(REGRESSOR).fit((features - mean) / std, learnt - level)

    def predict(crops: NDArray[np.floating]) -> data.Vector:
        by_crop = [process.predict((crops[:, crop] - mean) / std).mean for crop in range(crops.shape[1])]
        average: data.Vector = level + np.mean(by_crop, axis=0)
        return average

    return predict


def _cross(crossing: Crossing, context: Context) -> Outcome:
    failures = data.Failures()
    names = (*data.DATASETS, *data.AT_HAND)
    judged = data.at_hand(names, context, failures)
    training = [judged[name] for name in crossing.training if name in judged]
    if not training and crossing.number == 7 and _CATEGORY_3 in judged:
        training = [judged[_CATEGORY_3]]
    trained = " and ".join(each.title for each in training)
    related = {*crossing.training, *([_CATEGORY_3] if crossing.number == 7 else [])}
    tested = dict.fromkeys(name for name in (*crossing.published, *judged) if name not in related)
    entries: list[Entry] = []
    settings: dict[str, Any] = {}
    for method in METHODS:
        found: dict[str, data.Vector] = {}
        reason = f"nothing of {crossing.category} is at hand"
        if training:
            with failures.caught(method.title) as reasons:
                found, settings[method.title] = _across(
                    method, training, [judged[name] for name in tested if name in judged], crossing.number, context
                )
            reason = "".join(reasons)
        for name in tested:
            title = dataset_info(name).title
            published = _published(crossing.published.get(name)) if method is PROPOSED else {}
            row = judged[name].agreement(found[name]) if name in found else None
            absent = reason or f"{title} is not at hand"
            entries += data.entries(
                f"{method.title}{f', trained on {trained}' if row else ''}",
                title,
                row,
                published,
                reason=absent if row is None else None,
            )
    return Outcome(
        f"features-{crossing.number}",
        f"Trained on {crossing.category}, tested on others: deep-feature paper, table {crossing.number}",
        tuple(entries),
        settings,
        tuple(dict.fromkeys(failures.lacking)),
        notes=(
            *_NOTES,
            "Opinions of each dataset are standardised and turned so that higher is better (eq. 4). The paper does "
            "not say on what scale its RMSE are.",
            "The paper's network was fine-tuned on all five datasets, those that it is tested on among them; here it "
            "is fine-tuned on what it is trained on.",
        ),
    )


def _across(
    method: Method, training: Sequence[data.Judged], tested: Sequence[data.Judged], number: int, context: Context
) -> tuple[dict[str, data.Vector], dict[str, Any]]:
    """Predictions for other datasets, by name, and the settings."""
    learnt = np.concatenate([each.learnt for each in training])
    together = labelled(
        [path for each in training for path in each.paths],
        learnt.tolist(),
        [reference for each in training for reference in each.references],
        holder=" and ".join(each.title for each in training),
        target="standardised opinion",
    )
    take = _extractor(method, f"table{number}", together, context)
    first = [np.asarray(data.extract(each, take, context)[1].features[:, 0]) for each in training]
    predict = learn(np.concatenate(first), learnt)
    found = {each.dataset.name: predict(np.asarray(data.extract(each, take, context)[1].features)) for each in tested}
    return found, take.describe()


def _extractor(method: Method, name: str, training: LabelledImages, context: Context) -> Extractor:
    weights = data.tuned_weights(method.backbone, name, training, context) if method.tuned else None
    return data.extractor(method.backbone, method.layers, context, pool=method.pool, crops=CROPS, weights=weights)


def _published(values: tuple[float, ...] | None) -> dict[str, float]:
    return dict(zip(data.STATISTICS, values, strict=True)) if values else {}
