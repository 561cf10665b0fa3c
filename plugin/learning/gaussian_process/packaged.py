"""How the packaged no-reference model is made: of photographs that people judged, and distorted ones by likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...datasets.records import QualityDataset, Record
from ...errors import UsageError
from ...evaluation import evaluate
from ...images import images_below, images_in
from ...metrics.models import GRADES
from ..opinion import as_quality, grade
from ..regressors import Hyperparameters
from .condensing import Process
from .design import Design, Recipe
from .features import DEPTHWISE_STAGES, PIXELS, STAGES
from .likeness import LikenessScale, opinion
from .mixed import HeldOut, Part, scale_of
from .synthetic import Picture, Source

Array = NDArray[np.float64]

RECIPE: Final = Recipe(linear=(*STAGES, *DEPTHWISE_STAGES, (PIXELS,)), curved=(*STAGES, (PIXELS,)), mirrored=False)
HYPERPARAMETERS: Final = Hyperparameters(matern=0.0744, length=0.489, linear=0.6445, noise=0.0379)

#: Pictures made of each of Kodak's photographs; how many photographs of BSDS500 there are, and pictures of each; the
#: best photographs of BIQ2021's training part, and pictures of each.
OF_KODAK: Final = 40
BSDS: Final = 150
OF_BSDS: Final = 9
BEST: Final = 200
OF_BEST: Final = 5
#: Pictures made of each of Kodak's photographs where there are no others.
OF_KODAK_ALONE: Final = 60

#: What the noise of opinions is multiplied by: of difference opinions that people gave, and of those by likeness
#: where it says little of opinion.
DOUBT_OF_DMOS: Final = 0.5
DOUBT_OF_DOUBTFUL: Final = 8.0

#: What is distorted.
SYNTHETIC: Final = {
    "name": "photographs distorted: Kodak's, some of BSDS500's, the best of the authentic ones",
    "labels": "HaarPSI and MDSI, mapped to the judged pictures' difference opinions",
    "terms": "Kodak's: unrestricted use as far as known; BSDS500: research and education",
    "citation": "BSDS500: P. Arbeláez, M. Maire, C. Fowlkes, J. Malik, Contour Detection and Hierarchical Image "
    "Segmentation, IEEE TPAMI 33(5), 2011",
    "distribution": "images are not redistributed",
}

#: What is distorted for the model of free terms.
KODAK_ALONE: Final = {
    "name": "Kodak's photographs, distorted",
    "labels": SYNTHETIC["labels"],
    "terms": "unrestricted use as far as known",
    "distribution": SYNTHETIC["distribution"],
}

#: Those of LIVE's references that are Kodak's photographs too.
SAME: Final[Mapping[str, str]] = {"sailing1": "06", "buildings": "08", "parrots": "23"}

RESAMPLES: Final = 1000

_AUTHENTIC: Final = "biq-"


def photographs(authentic: Sequence[Record], kodak: Path, bsds: Path) -> list[Source]:
    """What distorted pictures are made of: Kodak's photographs, some of BSDS500's, the best of those people judged.

    Args:
        authentic: the training part of BIQ2021
        kodak: folder of Kodak's photographs
        bsds: folder of BSDS500's, in folders of its own or not

    Raises:
        UsageError: if a folder has no images
    """
    natural = images_below(bsds).images
    if not natural:
        raise UsageError(f"{bsds}: no photographs; it takes the folder data/images of BSDS500")
    some = np.random.default_rng(0).permutation(len(natural))[:BSDS]
    best = np.argsort([-_target(record) for record in authentic], kind="stable")[:BEST]
    return [
        *of_kodak(kodak, OF_KODAK),
        *(Source(f"bsds-{natural[index].stem}", natural[index], OF_BSDS) for index in some),
        # As they are, these are among the authentic ones.
        *(Source(_authentic_name(index), authentic[index].dist, OF_BEST, first=1) for index in best),
    ]


def of_kodak(kodak: Path, pictures: int) -> list[Source]:
    """Kodak's photographs, and how many pictures are made of each.

    Raises:
        UsageError: if the folder has no images
    """
    found = images_in(kodak).images
    if not found:
        raise UsageError(f"{kodak}: no photographs; it takes the folder of Kodak's 24")
    return [Source(f"kodak-{path.stem}", path, pictures) for path in found]


def authentic_part(records: Sequence[Record], features: NDArray[np.float32]) -> Part:
    """Photographs and their opinions, 0 to 1."""
    opinions = as_quality([_target(record) for record in records], 0, 1)
    names = [_authentic_name(index) for index in range(len(records))]
    return Part("authentic", features, opinions, names, np.ones(len(records)))


def judged_part(live: QualityDataset, features: NDArray[np.float32]) -> Part:
    """Distorted pictures and their difference opinions."""
    opinions = opinion(np.array([_target(record) for record in live.records]))
    names = [_judged_name(record) for record in live.records]
    return Part("judged", features, opinions, names, np.full(len(names), DOUBT_OF_DMOS))


def synthetic_part(pictures: Sequence[Picture], scale: LikenessScale, features: NDArray[np.float32]) -> Part:
    """Distorted pictures and their opinions by likeness, without those that are photographs of the authentic part."""
    used = [
        index
        for index, each in enumerate(pictures)
        if not (each.clean and each.draw.scale == 1 and each.source.startswith(_AUTHENTIC))
    ]
    chosen = [pictures[index] for index in used]
    haarpsi, mdsi = (np.array([getattr(each, name) for each in chosen]) for name in ("haarpsi", "mdsi"))
    doubts = np.array([DOUBT_OF_DOUBTFUL if each.doubtful else 1.0 for each in chosen])
    opinions = opinion(scale.dmos(haarpsi, mdsi))
    return Part("synthetic", features[used], opinions, [each.source for each in chosen], doubts)


def searched(parts: Sequence[Part], sizes: Mapping[str, int]) -> Hyperparameters:
    """Hyperparameters by what is said of pictures by those of other photographs, in closed form.

    From one, each is made thrice as large and a third, in turn and twice over, as long as that misses the opinions by
    less. Opinions in doubt do not count.

    Args:
        parts: the pictures
        sizes: how many features each tap has, in their order
    """
    features = np.concatenate([part.features for part in parts])
    doubts = np.concatenate([part.doubts for part in parts])
    sources = [source for part in parts for source in part.sources]
    design = Design.fit(RECIPE, sizes, features)
    inputs = design.transform(features).astype(np.float32)
    learnt = scale_of(parts, RECIPE).to_learnt(np.concatenate([part.opinions for part in parts]))

    def missed(tried: Hyperparameters) -> float:
        errors, _ = Process.fit(design.groups, tried, inputs, learnt, doubts).left_out(sources)
        return float(np.mean(errors[doubts <= 1] ** 2))

    best = Hyperparameters(matern=1.0, length=1.0, linear=1.0, noise=1.0)
    least = missed(best)
    for name in 2 * tuple(asdict(best)):
        for factor in (3.0, 1 / 3):
            while (found := missed(tried := replace(best, **{name: factor * getattr(best, name)}))) < least:
                best, least = tried, found
    return best


def card(
    parts: Sequence[Part],
    held_out: Mapping[str, HeldOut],
    scale: LikenessScale,
    network: Mapping[str, Any],
    data: Mapping[str, Mapping[str, Any]],
    hyperparameters: Hyperparameters = HYPERPARAMETERS,
    *,
    seed: int,
) -> dict[str, Any]:
    """What the model was made from and how well it does; JSON-able.

    Args:
        parts: what it learnt from
        held_out: what is said of each part's pictures by those of other photographs
        scale: likeness to difference opinion
        network: description of the network's weights
        data: where the parts come from, and their terms
        hyperparameters: of the process
        seed: of all that is random
    """
    return {
        "model": "no-reference image quality: EfficientNet-Lite0 activations and statistics of pixels, Gaussian "
        "process regression",
        "data": {part.name: {**data[part.name], "images": len(part.opinions)} for part in parts},
        "likeness": asdict(scale),
        "network": dict(network),
        "recipe": RECIPE.to_dict(),
        "hyperparameters": asdict(hyperparameters),
        "results": {
            "protocol": "each photograph left out with all that was made of it, in closed form; principal axes, "
            "scale and hyperparameters are those of all; by_other_parts: by a model of the other parts, without what "
            "was made of the same photographs",
            **{part.name: _agreement(part, held_out[part.name], seed) for part in parts},
        },
        "seed": seed,
        "licence": "Apache-2.0 for this file; the training images keep their own terms and are not in it",
    }


def agreement(scores: Array, opinions: Array, sources: Sequence[str], *, seed: int) -> dict[str, Any]:
    """Correlations and errors of scores with opinions, and their 95 % intervals; sources are drawn whole."""
    row = evaluate(
        {"nr": scores}, opinions, lower_is_better={"nr": False}, clusters=sources, resamples=RESAMPLES, seed=seed
    ).rows[0]
    return {
        "images": len(opinions),
        **{name: getattr(row, name) for name in ("srcc", "krcc", "plcc", "rmse")},
        "rmse_without_fit": row.rmse_raw,
        "intervals_95": {name: list(interval) for name, interval in row.intervals.items()},
    }


def _agreement(part: Part, held_out: HeldOut, seed: int) -> dict[str, Any]:
    return {
        **agreement(held_out.scores, part.opinions, part.sources, seed=seed),
        "coverage_of_95_percent_intervals": held_out.coverage,
        "images_by_fifth_of_opinion_and_grade": _by_grade(held_out.scores, part.opinions),
        "by_other_parts": agreement(held_out.by_others, part.opinions, part.sources, seed=seed),
    }


def _by_grade(scores: Array, opinions: Array) -> list[list[int]]:
    """How many images there are whose opinion is in each fifth of the scale, by the grade of their score."""
    counts = np.zeros((len(GRADES), len(GRADES)), int)
    fifths = [np.array([GRADES.index(grade(value)) for value in values]) for values in (opinions, scores)]
    np.add.at(counts, tuple(fifths), 1)
    return [[int(count) for count in row] for row in counts]


def _authentic_name(index: int) -> str:
    return f"{_AUTHENTIC}{index:05d}"


def _judged_name(record: Record) -> str:
    name = _reference(record).stem
    return f"kodak-{SAME[name]}" if name in SAME else f"live-{name}"


def _reference(record: Record) -> Path:
    if record.ref is None:
        raise UsageError(
            f"{record.dist}: has no reference; it takes a dataset with references and difference opinions"
        )
    return record.ref


def _target(record: Record) -> float:
    if record.target is None:
        raise UsageError(f"{record.dist}: has no opinion")
    return float(record.target)
