"""Three-branch models trained on parts of a dataset, and what they say of the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...datasets import dataset_info
from ...engine.devices import pick_device
from ...engine.records import Item
from ...engine.scorer import Scorer
from ...errors import UsageError
from ...evaluation import Row, evaluate
from ...evaluation.splits import Split, k_fold
from ...learning.labels import LabelledImages, from_dataset
from ...learning.settings import Settings
from ...learning.three_branch.model import Architecture
from ...learning.three_branch.trainer import fit
from ..context import Context

Vector = NDArray[np.float64]

FOLDS: Final = 5

BRANCHES: Final = {
    "frp": (True, False, False),
    "frp-frnp": (True, True, False),
    "frp-nr": (True, False, True),
    "frp-frnp-nr": (True, True, True),
}
"""Which of the branches FRP, FRNP and NR there are: the rows of table 2, and the one that it leaves out."""

CROP: Final = 64
SMALL: Final = Settings(
    epochs=8,
    learning_rate=1e-3,
    final_learning_rate=1e-5,
    schedule="exponential",
    batch_size=4,
    keep_last=True,
)
"""For sets of some dozens of pairs on a CPU; the paper's recipe is for thousands and a GPU."""


@dataclass(frozen=True)
class Subject:
    """A dataset whose images have opinions and references.

    Attributes:
        name: of the dataset
        labelled: its images
    """

    name: str
    labelled: LabelledImages

    @classmethod
    def of(cls, name: str, context: Context) -> Subject:
        """Of a dataset of the context.

        Raises:
            UsageError: if it cannot be read
        """
        return cls(name, from_dataset(name, context.roots[name]))

    @property
    def title(self) -> str:
        """As its authors call it."""
        return dataset_info(self.name).title

    def by_reference(self) -> list[Split]:
        """Folds in which no reference is on both sides; where there are few, each left out in turn."""
        references = self.labelled.references
        return k_fold(references, min(FOLDS, len(set(references))))

    def by_image(self) -> list[Split]:
        """Folds of images whatever their reference: the leaky reading of a split."""
        return k_fold(range(len(self.labelled)), FOLDS)

    def agreement(self, predictions: Vector) -> Row:
        """How predictions, higher is better, agree with the opinions; intervals by references."""
        return evaluate(
            {"quality": predictions},
            self.labelled.opinions,
            lower_is_better={"quality": False},
            clusters=self.labelled.references,
            resamples=1000,
        ).rows[0]


def architecture(encoder: str, branches: Sequence[bool]) -> Architecture:
    """A model of which all branches that there are have the same encoder."""
    frp, frnp, nr = (encoder if there else None for there in branches)
    return Architecture(frp, frnp, nr)


def out_of_fold(
    subject: Subject, model: Architecture, folds: Sequence[Split], name: str, context: Context, *, seed: int = 0
) -> Vector:
    """What models say, 0 to 100, of images whose fold they have not learnt from, (N,).

    Models that an earlier run has left in the context's folder are taken as they are.

    Raises:
        UsageError: if a file there is of another training, or an image cannot be scored
        WeightsError: if the frozen encoder's weights are not at hand
    """
    said = np.full(len(subject.labelled), np.nan)
    jobs = list(enumerate(folds))
    for number, fold in context.progress(jobs, f"Training {name}, seed {seed}", len(jobs)):
        path = context.out / f"{subject.name}_{name}_seed{seed}_fold{number}.safetensors"
        trained(subject.labelled[fold["training"]], model, replace(SMALL, seed=seed), path, context, crop=CROP)
        said[fold["test"]] = scores(path, subject.labelled[fold["test"]], context)
    return said


def trained(
    labelled: LabelledImages,
    model: Architecture,
    settings: Settings,
    path: Path,
    context: Context,
    *,
    crop: int | None = None,
) -> None:
    """Train a model where it is not there yet.

    Raises:
        UsageError: if the file is of another training
        WeightsError: if the frozen encoder's weights are not at hand
    """
    if path.exists():
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        wanted = (asdict(model), asdict(settings), labelled.digest, crop)
        if (card["architecture"], card["settings"], card["data"]["images_sha256"], card["crop"]) != wanted:
            raise UsageError(f"{path}: was trained otherwise; remove it")
        return
    fit(
        labelled,
        path,
        architecture=model,
        settings=settings,
        held_out=0,
        crop=crop,
        weights=context.weights,
        device=pick_device(context.device),
        resume=True,
    )
    path.with_suffix(".checkpoint.safetensors").unlink()


def scores(metric: str | Path, labelled: LabelledImages, context: Context) -> Vector:
    """A metric's scores of labelled images against their references, turned so that higher is better, (N,).

    Raises:
        UsageError: if an image cannot be scored
    """
    engine = Scorer([str(metric)], device=context.device)
    ((name, made),) = engine.metrics.items()
    items = [
        Item(str(number), str(path), reference)
        for number, (path, reference) in enumerate(zip(labelled.paths, labelled.references, strict=True))
    ]
    found = []
    for result in engine.run(items):
        if result.error:
            raise UsageError(f"{result.item.dist}: {result.error}")
        value = result.measurements[name].value
        found.append(-value if made.info.lower_is_better else value)
    return np.array(found)
