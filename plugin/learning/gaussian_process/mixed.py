"""Training on opinions of several kinds of pictures, more than an exact process can hold in a small file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..opinion import OpinionScale
from ..regressors import Groups, Hyperparameters
from ..regressors.base import Array
from .condensing import Process, condense
from .design import Design, Recipe
from .model import QualityModel
from .training import REACH_95

#: Shares at which a part's opinions stand for all.
_EVENLY: Final = np.linspace(0, 1, 1001)

#: Shares of new pictures of the first part that are surer than those at the edge, and than those beyond it.
LIMITS: Final = (0.95, 0.99)

#: How many examples a model file holds.
EXAMPLES: Final = 3000


@dataclass(frozen=True)
class Part:
    """Features and opinions of N pictures of one kind.

    Args:
        name: of the kind
        features: (N, D)
        opinions: 0 to 100, (N,)
        sources: the photograph that each is, or was made of, (N,)
        doubts: what the noise of each opinion is multiplied by, (N,)
    """

    name: str
    features: NDArray[np.float32]
    opinions: Array
    sources: Sequence[str]
    doubts: Array


@dataclass(frozen=True)
class HeldOut:
    """What a model says of pictures by all those of other photographs.

    Args:
        scores: 0 to 100, (N,)
        deviations: (N,)
        coverage: share of the opinions within 1.96 deviations of the score, of pictures that the model does not keep
            and whose opinions are in no doubt
        by_others: scores by the other parts alone, without pictures of the same photographs, (N,)
    """

    scores: Array
    deviations: Array
    coverage: float
    by_others: Array


def train(
    parts: Sequence[Part],
    sizes: Mapping[str, int],
    recipe: Recipe,
    hyperparameters: Hyperparameters,
    network_sha256: str,
    *,
    examples: int = EXAMPLES,
    seed: int = 0,
) -> tuple[QualityModel, dict[str, HeldOut]]:
    """Train a model, calibrated by leaving out each photograph with all that was made of it.

    The scale and the principal axes are those of all pictures; what is left out of is the process.

    Args:
        parts: the pictures; percentiles are among those of the first, the first two count alike in the scale
        sizes: how many features each tap has, in their order
        recipe: the choices
        hyperparameters: of the process
        network_sha256: digest of the network's weights
        examples: how many the model keeps
        seed: of their choice

    Returns:
        the model, and what is said of each part's pictures when they are left out
    """
    features = np.concatenate([part.features for part in parts])
    opinions = np.concatenate([part.opinions for part in parts])
    doubts = np.concatenate([part.doubts for part in parts])
    sources = [source for part in parts for source in part.sources]
    scale = scale_of(parts, recipe)
    learnt = scale.to_learnt(opinions)
    design = Design.fit(recipe, sizes, features)
    inputs = design.transform(features).astype(np.float32)
    process = Process.fit(design.groups, hyperparameters, inputs, learnt, doubts)
    errors, _ = process.left_out(sources)

    shuffled = np.random.default_rng(seed).permutation(len(inputs))
    chosen, rest = np.split(shuffled, [min(examples, len(inputs) // 2)])
    few = inputs[chosen].astype(np.float64)
    targets = condense(process, chosen) + few[:, sum(design.groups.matern) :] @ process.linear_weights()
    model = QualityModel.of(
        design, process, few, targets, scale, recipe=recipe, network_sha256=network_sha256, sizes=sizes
    )
    # The model is surer of the examples that it keeps than of new ones.
    _, deviations = model.learnt(features)
    spread = float(np.sqrt(np.mean((errors[rest] / deviations[rest]) ** 2)))
    scores, std = scale.to_opinion(learnt - errors, spread * deviations)
    inside = np.abs(opinions - scores) <= REACH_95 * std

    held_out, start = {}, 0
    for part in parts:
        at = slice(start, start := start + len(part.opinions))
        new = rest[(rest >= at.start) & (rest < at.stop) & (doubts[rest] <= 1)]
        others = _by_others(parts, part, recipe, hyperparameters, design.groups, inputs, at)
        held_out[part.name] = HeldOut(scores[at], std[at], float(inside[new].mean()), others)
    quantiles = np.quantile(held_out[parts[0].name].scores, np.linspace(0, 1, 101))
    # As the model tells them of photographs that it does not keep.
    photographs = rest[rest < len(parts[0].opinions)]
    limits = np.quantile(spread * deviations[photographs], LIMITS)
    return replace(model, spread=spread, quantiles=quantiles, limits=limits), held_out


def _by_others(
    parts: Sequence[Part],
    part: Part,
    recipe: Recipe,
    hyperparameters: Hyperparameters,
    groups: Groups,
    inputs: NDArray[np.float32],
    at: slice,
) -> Array:
    """Scores of a part's pictures, which are ``inputs[at]``, by those of other parts and other photographs."""
    others = [other for other in parts if other is not part]
    scale, same = scale_of(others, recipe), set(part.sources)
    opinions, doubts = (np.concatenate([getattr(other, name) for other in others]) for name in ("opinions", "doubts"))
    foreign = np.array([source not in same for other in others for source in other.sources])
    rest = np.delete(inputs, at, axis=0)[foreign]
    process = Process.fit(groups, hyperparameters, rest, scale.to_learnt(opinions[foreign]), doubts[foreign])
    mean = process.mean(inputs[at])
    return scale.to_opinion(mean, np.full(len(mean), np.sqrt(hyperparameters.noise)))[0]


def scale_of(parts: Sequence[Part], recipe: Recipe) -> OpinionScale:
    """The scale of opinions of the first two parts, which count alike."""
    by = OpinionScale.by_rank if recipe.target == "ranks" else OpinionScale.by_value
    # However many more of one kind there are: most opinions of photographs are good, and those of others would crowd.
    return by(np.concatenate([np.quantile(part.opinions, _EVENLY) for part in parts[:2]]))
