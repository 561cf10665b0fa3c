"""Training of three-branch models on labelled pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ImageError, UsageError
from ...evaluation.splits import hold_out
from ...images import decode
from ...metrics import check_model_path
from ..crops import mirrored
from ..files import versions
from ..labels import LabelledImages, require_contrast
from ..loop import Job, train
from ..recipes import THREE_BRANCH
from ..results import curve
from ..settings import Epoch, Settings
from ..trained import Standard
from .model import Architecture, ThreeBranch, save

HELD_OUT: Final = 0.2
"""Share of the references that are watched, not learnt from."""


@dataclass(frozen=True)
class Pairs:
    """Reference and distorted images as examples, flipped at random in training.

    Attributes:
        labelled: the distorted images, each with its reference
        targets: standardised opinions, (N,)
        crop: side of random crops, in pixels; None for whole images
    """

    labelled: LabelledImages
    targets: NDArray[np.float64]
    crop: int | None = None

    def load(self, index: int, key: bytes | None) -> tuple[torch.Tensor, ...]:
        """Reference and distorted image, uint8 (3, h, w) each, cropped and flipped alike."""
        paths = Path(str(self.labelled.references[index])), self.labelled.paths[index]
        reference, distorted = (decode(path).pixels for path in paths)
        if reference.shape != distorted.shape:
            (height, width), (other_height, other_width) = distorted.shape[:2], reference.shape[:2]
            raise ImageError(paths[1], f"{width}×{height}, but its reference is {other_width}×{other_height}")
        both = np.stack([reference, distorted])
        chosen = hashlib.sha256(str(index).encode() if key is None else key).digest()
        if self.crop is not None:
            size = self.crop
            both = np.stack([mirrored(each, size) for each in both])
            top, left = (
                int.from_bytes(chosen[8 * place : 8 * place + 8], "little") % (side - size + 1)
                for place, side in enumerate(both.shape[1:3])
            )
            both = both[:, top : top + size, left : left + size]
        if key is not None:
            if chosen[16] % 2:
                both = both[:, ::-1]
            if chosen[17] % 2:
                both = both[:, :, ::-1]
        tensors = torch.from_numpy(np.ascontiguousarray(both)).permute(0, 3, 1, 2)
        return tensors[0].contiguous(), tensors[1].contiguous()

    def name(self, index: int) -> str:
        """The distorted image's file."""
        return str(self.labelled.paths[index])


def prepare(
    labelled: LabelledImages,
    *,
    architecture: Architecture | None = None,
    settings: Settings = THREE_BRANCH,
    held_out: float = HELD_OUT,
    by_image: bool = False,
    crop: int | None = None,
    weights: str | Path | None = None,
) -> Job:
    """Make ready to train a model on labelled pairs, watching some of the references.

    Args:
        labelled: distorted images with opinions, each with the path of its reference
        architecture: branches and encoders; None for the paper's
        settings: how to train
        held_out: share of the references to watch; 0 for none
        by_image: hold out images, whatever their reference: the leaky reading of an 80/20 split
        crop: side of random crops, in pixels; None for whole images, which have to be of one size then
        weights: of the frozen encoder: a file or folder, or None to search

    Raises:
        UsageError: if an image has no reference, or all labels are the same
        WeightsError: if the frozen encoder's weights are not found
    """
    architecture = architecture or Architecture()
    require_contrast(labelled.opinions)
    lacking = [path for path, reference in zip(labelled.paths, labelled.references, strict=True) if not reference]
    if lacking:
        raise UsageError(f"{lacking[0]}: has no reference, as {len(lacking):,} images; name it in the column ref")
    places = np.arange(len(labelled), dtype=np.intp)
    learnt, watched = places, places[:0]
    if held_out:
        groups = [str(place) for place in places] if by_image else list(labelled.references)
        split = hold_out(groups, {"training": 1 - held_out, "validation": held_out}, seed=settings.seed)
        learnt, watched = split["training"], split["validation"]
    on_the_other = {labelled.references[place] for place in watched}
    standard = Standard.of(labelled.opinions[learnt])
    torch.manual_seed(settings.seed)
    model = ThreeBranch(architecture, weights)

    def pairs(chosen: NDArray[np.intp]) -> Pairs:
        part = labelled[chosen]
        return Pairs(part, standard.targets(part.opinions), crop)

    identity = {
        "architecture": asdict(architecture),
        "crop": crop,
        "images": labelled.digest,
        "held_out": [held_out, by_image],
    }
    card = {
        "model": "full-reference image quality: three branches (Dutta, Das, Shah)",
        "data": {**labelled.origin, "images": len(labelled), "images_sha256": identity["images"]},
        "split": {
            "by": "image" if by_image else "reference",
            "training": len(learnt),
            "validation": len(watched),
            "references_on_both_sides": len({labelled.references[place] for place in learnt} & on_the_other),
        },
        "architecture": asdict(architecture),
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
    **choices: Any,
) -> dict[str, Any]:
    """Train a model on labelled pairs.

    Writes ``OUT.safetensors``, its card ``OUT.json``, and what :func:`~deepmse.plugin.learning.loop.train` writes.

    Args:
        labelled: distorted images with opinions, each with the path of its reference
        out: ``OUT.safetensors``
        device: where to compute
        resume: go on from the checkpoint, if there is one
        report: told of each epoch when it is done
        choices: what :func:`prepare` takes

    Returns:
        the card

    Raises:
        UsageError: as :func:`prepare` and the loop say
        WeightsError: if the frozen encoder's weights are not found
        OutputError: if a file cannot be written
    """
    check_model_path(out)
    job = prepare(labelled, **choices)
    outcome = train(
        job.module,
        job.training,
        job.settings,
        out,
        job.identity,
        validation=job.validation,
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
    save(out, outcome.state, Architecture(**job.card["architecture"]), Standard(**job.card["target"]), card)
    return card
