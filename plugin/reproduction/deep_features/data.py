"""What the tables of the deep-feature paper share: datasets with their opinions, features of them, and entries.

N. Ahmed, H. M. S. Asif, "Perceptual quality assessment of digital images using deep features", Computing and
Informatics 39, 2020
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ...datasets import QualityDataset, dataset_info
from ...engine.devices import pick_device
from ...errors import DeepMSEError, UsageError
from ...evaluation import Row, evaluate, standardise
from ...evaluation.splits import Split, hold_out
from ...learning.features.extraction import Extractor
from ...learning.features.files import FeatureTable, FeatureWriter, read
from ...learning.finetuned.training import Recipe, finetune
from ...learning.labels import LabelledImages, labelled
from ...networks.backbones import backbone_info, build
from .. import scores
from ..context import Context
from ..outcome import Entry

Indices = NDArray[np.intp]
Vector = NDArray[np.float64]

DATASETS: Final = ("tid2013", "tid2008", "csiq", "live_release1", "live_release2")
"""The paper's (table 3)."""

AT_HAND: Final = ("live_subset", "biq2021_train2000")
"""Measured where they are at hand; the paper has no numbers of them."""

STATISTICS: Final = ("rmse", "plcc", "srcc", "krcc")
"""In the order of the paper's columns."""

TEST_SHARE: Final = 0.2
"""Of the references, of a single split."""

SPLIT_NOTE: Final = (
    "Training and test images share no reference. The paper does not say how it splits; its numbers do not compare "
    "with those of such a split."
)


@dataclass(frozen=True)
class Judged:
    """A dataset's images that have an opinion.

    Attributes:
        dataset: the dataset
        paths: N images
        references: what each was made from; None where there is no reference
        opinions: in the dataset's own units and direction, (N,)
        learnt: standardised, and turned so that higher is better, (N,) (eq. 4)
    """

    dataset: QualityDataset
    paths: tuple[Path, ...]
    references: tuple[str | None, ...]
    opinions: Vector
    learnt: Vector

    @classmethod
    def of(cls, name: str, context: Context) -> Self:
        """Of a dataset of the context.

        Raises:
            UsageError: if it cannot be read
        """
        dataset = scores.load(name, context)
        records = [record for record in dataset.records if record.target is not None]
        opinions = np.array([record.target for record in records], dtype=np.float64)
        return cls(
            dataset,
            tuple(record.dist for record in records),
            tuple(record.ref.name if record.ref else None for record in records),
            opinions,
            standardise(-opinions if dataset.target_lower_is_better else opinions).astype(np.float64),
        )

    @property
    def title(self) -> str:
        """As its authors call it."""
        return dataset_info(self.dataset.loader).title

    def labelled(self, indices: Indices) -> LabelledImages:
        """Some of the images, to train on."""
        return labelled(
            [self.paths[index] for index in indices],
            self.learnt[indices].tolist(),
            [self.references[index] for index in indices],
            holder=self.title,
            target=self.dataset.target_field,
        )

    def split(self) -> Split:
        """A single split into "training" and "test" by reference, always the same."""
        return hold_out(self.references, {"training": 1 - TEST_SHARE, "test": TEST_SHARE})

    def agreement(self, predictions: Vector) -> Row:
        """How predictions, higher is better and NaN where there is none, agree with the opinions."""
        return evaluate(
            {"quality": predictions},
            self.opinions,
            target_name=self.dataset.target_field,
            target_lower_is_better=self.dataset.target_lower_is_better,
            lower_is_better={"quality": False},
            clusters=self.references if any(self.references) else None,
            resamples=1000,
        ).rows[0]


class Failures:
    """Why rows could not be measured: once each for the list of what is lacking."""

    def __init__(self) -> None:
        self.lacking: list[str] = []

    @contextmanager
    def caught(self, what: str) -> Iterator[list[str]]:
        """Turn an error of the block into a reason; the list that is given holds it afterwards."""
        reasons: list[str] = []
        try:
            yield reasons
        except DeepMSEError as error:
            reason = str(error).splitlines()[0].removesuffix(" Tried:")
            reasons.append(reason)
            self.lacking.append(f"{what}: {reason}")


def at_hand(names: Sequence[str], context: Context, failures: Failures) -> dict[str, Judged]:
    """The datasets at hand; the paper's other ones are noted as lacking."""
    for name in names:
        if name in DATASETS and name not in context.roots:
            info = dataset_info(name)
            failures.lacking.append(f"{info.title}: unpack it and name its folder, {name}=FOLDER ({info.citation})")
    return {name: Judged.of(name, context) for name in names if name in context.roots}


def extractor(
    backbone: str,
    layers: Sequence[str],
    context: Context,
    *,
    pool: str = "none",
    crops: int = 1,
    weights: Path | None = None,
) -> Extractor:
    """What takes features from a backbone with its published weights, or others.

    Raises:
        WeightsError: if they are not at hand
    """
    folder = context.weights if context.weights is not None and context.weights.is_dir() else None
    network = build(backbone, layers, weights or folder)
    return Extractor(network, pool=pool, crops=crops, device=pick_device(context.device))


def file_name(judged: Judged, take: Extractor) -> str:
    """Begins the names of files of what was taken: the dataset, the backbone, and a digest of all that decides it."""
    settings = json.dumps([take.describe(), [str(path) for path in judged.paths]])
    return f"{judged.dataset.name}.{take.backbone.info.name}.{hashlib.sha256(settings.encode()).hexdigest()[:10]}"


def extract(judged: Judged, take: Extractor, context: Context) -> tuple[Path, FeatureTable]:
    """Features of every image, kept in a file so that an interrupted reproduction goes on where it stopped.

    Raises:
        UsageError: if an image cannot be used, or the file cannot be written
    """
    path = context.out / f"{file_name(judged, take)}.npy"
    with FeatureWriter(path, [str(path) for path in judged.paths], take.describe(), resume=True) as writer:
        rest = judged.paths[writer.done :]
        description = f"{take.backbone.info.title} on {judged.dataset.name}"
        for found in context.progress(take.run(rest), description, len(rest)):
            writer.write(found.vectors, found.error)
    table = read(path)
    if broken := [error for error in table.errors if error]:
        raise UsageError(f"{judged.title}: {len(broken)} images cannot be used, such as {broken[0]}")
    return path, table


def tuned_weights(backbone: str, name: str, training: LabelledImages, context: Context) -> Path:
    """Weights of a backbone that was fine-tuned on the training images by the paper's recipe.

    Takes ``NAME.BACKBONE.tuned.safetensors`` in the context's folder; makes it where there is a GPU.

    Raises:
        UsageError: if it is not there and there is no GPU, or it was trained on other images
        WeightsError: if the backbone's weights are not at hand
    """
    path = context.out / f"{name}.{backbone}.tuned.safetensors"
    if path.exists():
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if card["images_sha256"] != training.digest:
            raise UsageError(f"{path}: was fine-tuned on other images; remove it")
        return path
    device = pick_device(context.device)
    if device.type == "cpu":
        raise UsageError(f"{backbone_info(backbone).title} fine-tuned: takes a GPU, or {path.name} made on one")
    folder = context.weights if context.weights is not None and context.weights.is_dir() else None
    finetune(training, Recipe(backbone), path, weights=folder, device=device, resume=True)
    return path


def entries(
    label: str,
    where: str,
    row: Row | None,
    published: Mapping[str, float | None],
    *,
    tolerance: float | None = None,
    reason: str | None = None,
) -> list[Entry]:
    """One entry a statistic.

    Args:
        label: what was measured
        where: on what
        row: what was found; None where nothing was
        published: the paper's value by statistic, of those that it has
        tolerance: largest difference of a correlation that passes; None where the two do not compare
        reason: why there is no row, or no comparison
    """
    return [
        Entry(
            label,
            f"{statistic.upper()}, {where}",
            published=published.get(statistic),
            measured=None if row is None else getattr(row, statistic),
            tolerance=None if statistic == "rmse" else tolerance,
            n=None if row is None else row.n,
            interval=None if row is None else row.intervals.get(statistic),
            reason=(row.reason if row is not None else None) or reason,
        )
        for statistic in STATISTICS
        if row is not None or published.get(statistic) is not None
    ]
