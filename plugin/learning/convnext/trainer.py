"""Training of ConvNeXt models on labelled images, and their test on images that training does not see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ImageError
from ...evaluation import evaluate
from ...evaluation.splits import Split, hold_out, official
from ...metrics import check_model_path
from ...threads import decoders, in_order
from ..files import versions
from ..labels import LabelledImages, require_contrast
from ..loop import Job
from ..recipes import CONVNEXT
from ..results import curve
from ..settings import Epoch, Settings
from ..trained import Standard
from .examples import Photographs, at_size
from .model import ConvNext, save, sizing, started

LONGEST: Final = 512
"""Pixels of the longer side of the smaller of KonIQ-10k's published sizes."""

TEST: Final = 0.3
"""Share of the images that is tested on, as in the paper."""

WATCHED: Final = 0.1
"""Share of the others that stops training and is not learnt from; the paper does not give it."""


@dataclass(frozen=True)
class Trained:
    """A model before its test.

    Attributes:
        model: with the kept parameters
        standard: of the opinions that it learnt from
        job: what it was trained on
        testing: images that training has not seen
        out: where to write it
        card: what is known before the test
    """

    model: ConvNext
    standard: Standard
    job: Job
    testing: LabelledImages
    out: Path
    card: dict[str, Any]

    def test(self, device: torch.device, told: Callable[[int, int], None] = lambda done, of: None) -> dict[str, Any]:
        """Test the model, and write it with its card and the fingerprints of what it learnt from.

        Args:
            device: where to compute
            told: told how many test images are scored, and of how many

        Returns:
            the card

        Raises:
            OutputError: if a file cannot be written
        """
        predicted, unusable = predictions(self.model, self.standard, self.testing, device, told)
        results = {**self.card["results"], **agreement(predicted, self.testing)}
        card = {**self.card, "results": results, "skipped": [*self.card["skipped"], *unusable]}
        save(self.out, self.model.state_dict(), self.model, self.standard, card)
        self.job.remember(self.out)
        return card


def prepare(
    labelled: LabelledImages,
    *,
    variant: str = "tiny",
    longest: int = LONGEST,
    crop: int | None = None,
    settings: Settings = CONVNEXT,
    test: float = TEST,
    watched: float = WATCHED,
    weights: str | Path | None = None,
    scratch: bool = False,
) -> tuple[Job, LabelledImages]:
    """Make ready to train a model on some of the images and to watch others, and tell which ones to test it on.

    The split is the dataset's own where it has one with a test part, else at random, by reference.

    Args:
        labelled: images with opinions
        variant: size of the network, see :data:`~.model.VARIANTS`
        longest: pixels of a picture's longer side, at most; larger ones are reduced, in training and ever after
        crop: side of random crops to train on, in pixels; None for whole images, which have to be of one size then
        settings: how to train
        test: share of the images to test on, where the dataset has no split of its own; 0 for none
        watched: share of the others to watch, where the split has no validation part; 0 for none
        weights: of the pretrained network: a file or folder, or None to search, and to start from random parameters
            where nothing is found
        scratch: start from random parameters whatever is at hand

    Raises:
        UsageError: if there is no such variant, or all labels are the same
        WeightsError: if ``weights`` is given and does not hold the network's
    """
    require_contrast(labelled.opinions)
    split, how = parts(labelled, test, watched, settings.seed)
    learnt, watching, testing = (labelled[split[part]] for part in ("training", "validation", "test"))
    standard = Standard.of(learnt.opinions)
    torch.manual_seed(settings.seed)
    model, from_random = started(variant, longest, weights, scratch=scratch)

    def photographs(part: LabelledImages) -> Photographs:
        return Photographs(part, standard.targets(part.opinions), longest, crop)

    pretrained = None if model.backbone.weights is None else model.backbone.weights.describe()
    identity = {
        "variant": variant,
        "longest": longest,
        "crop": crop,
        "images": labelled.digest,
        "split": {part: hashlib.sha256(chosen.tobytes()).hexdigest() for part, chosen in split.items()},
        "pretrained": pretrained,
    }
    card = {
        "model": "no-reference image quality: ConvNeXt (Padmaja, Al Hamed, Reddy, Reddy)",
        "data": {**labelled.origin, "images": len(labelled), "images_sha256": labelled.digest},
        "split": {"how": how, **{part: len(chosen) for part, chosen in split.items()}},
        "variant": variant,
        "size": sizing(longest),
        "crop": crop,
        "pretrained": pretrained,
        "from_random": from_random,
        "settings": asdict(settings),
        "target": asdict(standard),
    }
    watch = photographs(watching) if len(watching) else None
    return Job(model, photographs(learnt), watch, settings, identity, card), testing


def fit(
    job: Job,
    testing: LabelledImages,
    out: Path,
    *,
    device: torch.device,
    resume: bool = False,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> Trained:
    """Train a model; :meth:`Trained.test` writes it.

    Of files only what :func:`~deepmse.plugin.learning.loop.train` writes is written.

    Args:
        job: as :func:`prepare` made it
        testing: images that training does not see
        out: where the model is to be written, ``OUT.safetensors``
        device: where to compute
        resume: go on from the checkpoint, if there is one
        report: told of each epoch when it is done

    Raises:
        UsageError: as the loop says
        OutputError: if a file cannot be written
    """
    check_model_path(out)
    outcome = job.train(out, device=device, resume=resume, report=report)
    model = cast(ConvNext, job.module)
    model.load_state_dict(outcome.state)
    card = {
        **job.card,
        "kept_epoch": outcome.kept.number,
        "results": job.results(outcome),
        "epochs": curve(outcome.epochs),
        "skipped": list(outcome.skipped),
        "device": device.type,
        "versions": versions("torch", "torchvision", "timm", "lightning-fabric"),
        "licence": "Apache-2.0 for what was trained; pretrained parameters keep their own terms",
    }
    return Trained(model.eval(), Standard(**job.card["target"]), job, testing, out, card)


def parts(labelled: LabelledImages, test: float, watched: float, seed: int) -> tuple[Split, str]:
    """The images to learn from, to watch and to test on, and how they were told apart.

    Args:
        labelled: N images
        test: share to test on where the dataset has no split with a test part
        watched: share of the others to watch where the split has no validation part
        seed: of what is drawn

    Raises:
        UsageError: if the shares leave nothing to learn from
    """
    places = np.arange(len(labelled), dtype=np.intp)
    none = places[:0]
    if {"training", "test"} <= set(labelled.parts):
        split, how = official(labelled.parts), "the dataset's own"
        rest, testing, validation = split["training"], split["test"], split.get("validation", none)
    else:
        rest, testing, validation, how = places, none, none, f"at random by reference, seed {seed}"
        if test:
            split = hold_out(labelled.pictures, {"rest": 1 - test, "test": test}, seed=seed)
            rest, testing = split["rest"], split["test"]
    if watched and not len(validation):
        references = [labelled.pictures[place] for place in rest]
        inner = hold_out(references, {"training": 1 - watched, "validation": watched}, seed=seed)
        rest, validation = rest[inner["training"]], rest[inner["validation"]]
    return {"training": rest, "validation": validation, "test": testing}, how


def predictions(
    model: ConvNext,
    standard: Standard,
    labelled: LabelledImages,
    device: torch.device,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[NDArray[np.float64], list[str]]:
    """Scores of whole images, (N,), NaN of those that cannot be used, and why these cannot."""
    model = model.to(device)
    found, unusable = np.full(len(labelled), np.nan), []

    def seen(path: Path) -> torch.Tensor | ImageError:
        try:
            return at_size(path, model.longest)
        except ImageError as error:
            return error

    with decoders(device) as pool, torch.inference_mode():
        jobs = (pool.submit(seen, path) for path in labelled.paths)
        for index, image in enumerate(in_order(jobs, 2 * torch.get_num_threads())):
            if isinstance(image, ImageError):
                unusable.append(str(image))
            else:
                found[index] = float(standard.scores(model(image[None].to(device)).float()))
            told(index + 1, len(labelled))
    return found, unusable


def agreement(predicted: NDArray[np.float64], labelled: LabelledImages) -> dict[str, Any]:
    """Mean absolute error, PLCC after a logistic fit and SRCC of scores, with 95 % intervals of the correlations."""
    usable = np.isfinite(predicted)
    row = evaluate(
        {"score": predicted},
        labelled.opinions,
        lower_is_better={"score": False},
        clusters=labelled.pictures if any(labelled.pictures) else None,
        resamples=1000,
    ).rows[0]
    errors = np.abs(predicted - labelled.opinions)[usable]
    return {
        "n": int(usable.sum()),
        "mae": float(errors.mean()) if len(errors) else None,
        "plcc": row.plcc,
        "srcc": row.srcc,
        "intervals_95": {name: list(row.intervals[name]) for name in ("plcc", "srcc") if name in row.intervals},
        "reason": row.reason,
    }
