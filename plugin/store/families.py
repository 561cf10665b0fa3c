"""Families of models that can be trained on a view's labels, and how each is.

A family is one entry of ``FAMILIES``: what the form says, and the function that trains it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from ..errors import ImageError, UsageError
from ..learning.labels import LabelledImages
from ..learning.recipes import CONVNEXT, FINETUNED, THREE_BRANCH
from ..metrics.models import GAUSSIAN_PROCESS, GRADES, Declaration
from .compute import Progress

if TYPE_CHECKING:
    import torch

    from ..learning.settings import Epoch, Settings

#: Share of the labels, whole references of them, that networks are watched on.
_HELD_OUT: Final = 0.2
_FINETUNED: Final = replace(FINETUNED, epochs=15, best_by="srcc", patience=5)
#: On features that stay as they are the network on top learns fast.
_COMPARING: Final = replace(THREE_BRANCH, learning_rate=1e-3, final_learning_rate=None, patience=5)
_CONVNEXT: Final = replace(CONVNEXT, epochs=15, best_by="srcc")
_ENCODER: Final = "efficientnet-lite0"
_CROP: Final = 224

Result = TypeVar("Result")

#: Yields progress; gives the model card.
Training: TypeAlias = Generator[Progress, None, dict[str, Any]]


@dataclass(frozen=True)
class Family:
    """A family as users are offered it.

    Attributes:
        title: what to call it
        description: what it is good for, in a sentence
        declaration: what its models declare of their scores
        train: of labels, the model's file, the device and the loop's settings
        settings: of the loop where nothing else is asked for; None where it learns otherwise than in epochs
    """

    title: str
    description: str
    declaration: Declaration
    train: Callable[[LabelledImages, Path, torch.device, Settings | None], Training]
    settings: Settings | None = None

    @property
    def needs_references(self) -> bool:
        """Whether every labelled image needs a reference."""
        return self.declaration.kind == "FR"


def _gaussian_process(labels: LabelledImages, out: Path, device: torch.device, settings: Settings | None) -> Training:
    # Here and not at the top: these import torch.
    from ..learning.gaussian_process.design import Recipe
    from ..learning.gaussian_process.extraction import views
    from ..learning.gaussian_process.features import FeatureNetwork
    from ..learning.gaussian_process.trainer import make
    from ..learning.gaussian_process.training import Samples

    recipe = Recipe()
    network = FeatureNetwork(recipe.taps, recipe.pool, device)
    network.keep()
    features: list[Any] = []
    skipped: list[str] = []
    for found in views(labels.paths, network, device):
        if isinstance(found, ImageError):
            skipped.append(str(found))
        features.append(None if isinstance(found, ImageError) else found)
        yield Progress(len(features), len(labels), len(skipped), reused=network.reused)
    note = "now learning from their features"
    yield Progress(len(labels), len(labels), len(skipped), note=note, reused=network.reused)
    labels = replace(labels, origin={**labels.origin, "failed": len(skipped)})
    card, _ = make(labels, Samples.of(labels, features, network), network, out, recipe=recipe)
    return {**card, "skipped": skipped}


def _finetuned(labels: LabelledImages, out: Path, device: torch.device, settings: Settings | None) -> Training:
    from ..evaluation.splits import hold_out
    from ..learning.finetuned.training import Recipe, finetune

    recipe = Recipe(_ENCODER, settings=settings or _FINETUNED)
    shares = {"training": 1 - _HELD_OUT, "validation": _HELD_OUT}
    split = hold_out(labels.pictures, shares, seed=recipe.settings.seed)
    learnt, watched = (labels[split[part]] for part in shares)
    return (
        yield from _epochs(
            lambda report: finetune(learnt, recipe, out, validation=watched, device=device, report=report),
            recipe.settings.epochs,
        )
    )


def _three_branch(labels: LabelledImages, out: Path, device: torch.device, settings: Settings | None) -> Training:
    from ..learning.three_branch.model import Architecture
    from ..learning.three_branch.trainer import fit

    chosen = settings or _COMPARING
    # Few labels do not suffice to train encoders from random parameters.
    frozen = Architecture(frp=_ENCODER, frnp=None, nr=None)
    return (
        yield from _epochs(
            lambda report: fit(
                labels, out, architecture=frozen, settings=chosen, crop=_CROP, device=device, report=report
            ),
            chosen.epochs,
        )
    )


def _convnext(labels: LabelledImages, out: Path, device: torch.device, settings: Settings | None) -> Training:
    from ..learning.convnext.trainer import fit, prepare

    chosen = settings or _CONVNEXT
    job, testing = prepare(labels, crop=_CROP, settings=chosen, test=0, watched=_HELD_OUT)
    if reason := job.card["from_random"]:
        raise UsageError(f"labels are too few to train this network from random parameters, and {reason}")
    trained = yield from _epochs(lambda report: fit(job, testing, out, device=device, report=report), chosen.epochs)
    return trained.test(device)


def _epochs(work: Callable[[Callable[[Epoch], None]], Result], total: int) -> Generator[Progress, None, Result]:
    from ..threads import telling

    yield Progress(0, total, 0, "epochs")
    steps = telling(work)
    while True:
        try:
            epoch = next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        srcc = "" if epoch.srcc is None else f", SRCC {epoch.srcc:.3f}"
        yield Progress(epoch.number, total, 0, "epochs", f"loss {epoch.loss:.3f}{srcc}")


FAMILIES: Final[Mapping[str, Family]] = {
    "gaussian-process": Family(
        "Gaussian process",
        "On features of a network that stays as it is; cross-validated, and best where labels are few",
        GAUSSIAN_PROCESS,
        _gaussian_process,
    ),
    "finetuned": Family(
        "Fine-tuned network",
        "EfficientNet-Lite0 trained further on random crops; from some 1,000 labels on, better with a GPU",
        Declaration("finetuned", grades=GRADES),
        _finetuned,
        _FINETUNED,
    ),
    "convnext": Family(
        "ConvNeXt",
        "Trained further from ImageNet's parameters on whole photographs; for some 1,000 labels and more, and a GPU",
        Declaration("convnext", grades=GRADES),
        _convnext,
        _CONVNEXT,
    ),
    "three-branch": Family(
        "Comparison with the reference",
        "Learns which differences from the reference people mind; a full-reference metric",
        Declaration("three-branch", kind="FR"),
        _three_branch,
        _COMPARING,
    ),
}

DEFAULT: Final = "gaussian-process"


def family(name: str) -> Family:
    """A family by its name.

    Raises:
        UsageError: if there is none
    """
    if name not in FAMILIES:
        raise UsageError(f"no family of models {name!r}; there are {', '.join(FAMILIES)}")
    return FAMILIES[name]
