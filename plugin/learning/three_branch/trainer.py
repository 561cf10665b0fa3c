"""Training of three-branch models on labelled pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ImageError, UsageError
from ...evaluation.splits import hold_out
from ...metrics import check_model_path
from ...weights import sha256
from ..files import versions
from ..labels import LabelledImages, require_contrast
from ..loop import Job, Outcome, train
from ..recipes import THREE_BRANCH
from ..results import curve
from ..settings import Epoch, Settings
from ..trained import Standard
from .examples import Pairs, PooledPairs, Progress
from .model import Architecture, Standardisation, ThreeBranch, load, save

HELD_OUT: Final = 0.2
"""Share of the references that are watched, not learnt from."""


def prepare(
    labelled: LabelledImages,
    *,
    architecture: Architecture | None = None,
    settings: Settings = THREE_BRANCH,
    held_out: float = HELD_OUT,
    by_image: bool = False,
    crop: int | None = None,
    weights: str | Path | None = None,
    start: Path | None = None,
) -> Job:
    """Make ready to train a model on labelled pairs, watching some of the references.

    Args:
        labelled: distorted images with opinions, each with the path of its reference
        architecture: branches and encoders; None for the paper's, or for those of ``start``
        settings: how to train
        held_out: share of the references to watch; 0 for none
        by_image: hold out images, whatever their reference: the leaky reading of an 80/20 split
        crop: side of random crops, in pixels; None for whole images, which have to be of one size then
        weights: of the frozen encoder: a file or folder, or None to search
        start: a trained model to go on from, as where it learnt from metrics and opinions follow; None to start anew

    Raises:
        UsageError: if an image has no reference, all labels are the same, or an architecture is given beside a model
            to start from
        WeightsError: if the frozen encoder's weights are not found, or ``start`` is no model of this kind
    """
    _check(labelled)
    places = np.arange(len(labelled), dtype=np.intp)
    learnt, watched = places, places[:0]
    if held_out:
        groups = [str(place) for place in places] if by_image else list(labelled.references)
        split = hold_out(groups, {"training": 1 - held_out, "validation": held_out}, seed=settings.seed)
        learnt, watched = split["training"], split["validation"]
    on_the_other = {labelled.references[place] for place in watched}
    standard = Standard.of(labelled.opinions[learnt])
    torch.manual_seed(settings.seed)
    model = _model(architecture, weights, start)

    def pairs(chosen: NDArray[np.intp]) -> Pairs:
        part = labelled[chosen]
        return Pairs(part, standard.targets(part.opinions), crop)

    identity = {
        "architecture": asdict(model.architecture),
        "crop": crop,
        "images": labelled.digest,
        "held_out": [held_out, by_image],
        "start": None if start is None else sha256(start),
    }
    card = {
        "model": "full-reference image quality: three branches (Dutta, Das, Shah)",
        "data": {**labelled.origin, "images": len(labelled), "images_sha256": identity["images"]},
        "start": None if start is None else {"file": start.name, "sha256": identity["start"]},
        "split": {
            "by": "image" if by_image else "reference",
            "training": len(learnt),
            "validation": len(watched),
            "references_on_both_sides": len({labelled.references[place] for place in learnt} & on_the_other),
        },
        "architecture": identity["architecture"],
        "settings": asdict(settings),
        "crop": crop,
        "target": asdict(standard),
    }
    return Job(model, pairs(learnt), pairs(watched) if held_out else None, settings, identity, card)


def fit(
    labelled: LabelledImages,
    out: Path,
    *,
    device: torch.device,
    resume: bool = False,
    report: Callable[[Epoch], None] = lambda epoch: None,
    progress: Progress = lambda done, total: None,
    **choices: Any,
) -> dict[str, Any]:
    """Train a model on labelled pairs.

    Writes ``OUT.safetensors``, its card ``OUT.json``, ``OUT.learnt``, by which its images are known again, and what
    :func:`~deepmse.plugin.learning.loop.train` writes.
    Where nothing but the fully connected layers is trained, on whole images, the frozen branch's features are
    computed once for all epochs.

    Args:
        labelled: distorted images with opinions, each with the path of its reference
        out: ``OUT.safetensors``
        device: where to compute
        resume: go on from the checkpoint, if there is one
        report: told of each epoch when it is done
        progress: told of the pairs whose frozen features are computed, and of how many
        choices: what :func:`prepare` takes

    Returns:
        the card

    Raises:
        UsageError: as :func:`prepare` and the loop say
        WeightsError: if the frozen encoder's weights are not found, or the model to start from is none of this kind
        OutputError: if a file cannot be written
    """
    check_model_path(out)
    job = prepare(labelled, **choices)
    model = cast(ThreeBranch, job.module)
    outcome = _train(
        job,
        model,
        progress,
        fitted=choices.get("start") is not None,
        out=out,
        device=device,
        resume=resume,
        report=report,
    )
    card = {
        **job.card,
        "kept_epoch": outcome.kept.number,
        "results": job.results(outcome),
        "epochs": curve(outcome.epochs),
        "skipped": list(outcome.skipped),
        "device": device.type,
        "versions": versions("torch", "torchvision", "timm", "lightning-fabric"),
        "licence": "Apache-2.0 for what was trained; a frozen encoder's parameters keep their own terms",
    }
    save(out, outcome.state, model.architecture, Standard(**job.card["target"]), card)
    job.remember(out)
    return card


def _check(labelled: LabelledImages) -> None:
    require_contrast(labelled.opinions)
    lacking = [path for path, reference in zip(labelled.paths, labelled.references, strict=True) if not reference]
    if lacking:
        raise UsageError(f"{lacking[0]}: has no reference, as {len(lacking):,} images; name it in the column ref")


def _model(architecture: Architecture | None, weights: str | Path | None, start: Path | None) -> ThreeBranch:
    if start is None:
        return ThreeBranch(architecture or Architecture(), weights)
    if architecture is not None:
        raise UsageError(f"{start}: has its own branches; leave out which encoders to take")
    model, _ = load(start)
    for name, branch in (*model.branches.items(), ("head", model.head)):
        branch.requires_grad_(name != "frp")
    return model


def _train(
    job: Job, model: ThreeBranch, progress: Progress, *, fitted: bool, device: torch.device, **how: Any
) -> Outcome:
    """Train the whole network, or, where the rest is frozen, its fully connected layers on features that are kept."""
    training, validation = cast(Pairs, job.training), cast(Pairs | None, job.validation)
    how |= {"settings": job.settings, "identity": job.identity, "device": device}
    if not model.architecture.frozen or training.crop is not None:
        if not fitted:
            _standardise(model, (_features(model, training, index, device) for index in range(len(training.targets))))
        return train(model, training, validation=validation, **how)
    kept = PooledPairs.of(training, model, device, progress)
    if not fitted:
        _standardise(model, kept.found)
    outcome = train(
        model.head,
        kept,
        validation=None if validation is None else PooledPairs.of(validation, model, device, progress),
        **how,
    )
    head = {f"head.{name}": value for name, value in outcome.state.items()}
    return replace(outcome, state={**model.state_dict(), **head})


def _standardise(model: ThreeBranch, features: Iterable[torch.Tensor | ImageError]) -> None:
    """Set what features are brought to mean 0 by, if the model does so; images that cannot be used are left out."""
    for layer in model.head:
        if isinstance(layer, Standardisation) and (
            usable := [each for each in features if not isinstance(each, ImageError)]
        ):
            layer.fit(torch.stack(usable))


def _features(model: ThreeBranch, pairs: Pairs, index: int, device: torch.device) -> torch.Tensor | ImageError:
    """What the fully connected layers are given of one pair before training, (D,)."""
    try:
        reference, distorted = (image[None].to(device) for image in pairs.load(index, None))
    except ImageError as error:
        return error
    with torch.inference_mode():
        found = model.to(device).eval()
        return found.features(found.reference(reference), distorted)[0].cpu()
