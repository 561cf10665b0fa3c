"""Splits for training and testing: by reference, never by image. Sequences in, index arrays out.

A split is a mapping from the name of each part to the indices of its images. ``groups`` says which reference each
image comes from; an image without one (None) is a group by itself. Shares and folds are of references, not of images.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from .labels import Indices, is_missing, number_groups

Split = dict[str, Indices]


def hold_out(groups: Sequence[object], shares: Mapping[str, float], *, seed: int = 0) -> Split:
    """Split at random into parts of given shares.

    The same groups, shares and seed give the same parts, in whatever order the images come.

    Args:
        groups: the reference of each image
        shares: share of the references for each part, e.g. {"training": 0.6, "validation": 0.2, "test": 0.2}
        seed: of the shuffle

    Raises:
        UsageError: the shares are not positive or do not sum to 1, or there are fewer references than parts
    """
    if not shares or min(shares.values()) <= 0 or not math.isclose(sum(shares.values()), 1):
        raise UsageError(f"shares must be positive and sum to 1, not {dict(shares)}")
    ids, n_groups = number_groups(groups)
    if n_groups < len(shares):
        raise UsageError(f"{n_groups} references cannot be split into {len(shares)} parts")
    bounds = np.rint(np.cumsum(list(shares.values())) * n_groups).astype(int)
    # Each part gets at least one reference, and leaves one for each part after it.
    for part in range(len(bounds)):
        least = bounds[part - 1] + 1 if part else 1
        bounds[part] = np.clip(bounds[part], least, n_groups - (len(bounds) - 1 - part))
    parts = np.split(np.random.default_rng(seed).permutation(n_groups), bounds[:-1])
    return {name: _members(ids, part) for name, part in zip(shares, parts, strict=True)}


def k_fold(groups: Sequence[object], k: int = 5, *, seed: int = 0) -> list[Split]:
    """Split k times into "training" and "test", so that each image is in one test part.

    The same groups, k and seed give the same folds, in whatever order the images come.

    Args:
        groups: the reference of each image
        k: number of folds, whose numbers of references differ by at most one
        seed: of the shuffle

    Raises:
        UsageError: k is less than 2 or more than the number of references
    """
    ids, n_groups = number_groups(groups)
    if not 2 <= k <= n_groups:
        raise UsageError(f"{n_groups} references cannot be split into {k} folds")
    folds = np.array_split(np.random.default_rng(seed).permutation(n_groups), k)
    return [{"training": np.flatnonzero(~np.isin(ids, fold)), "test": _members(ids, fold)} for fold in folds]


def official(labels: Sequence[str | None]) -> Split:
    """The authors' own split.

    Args:
        labels: the part that each image is in

    Raises:
        UsageError: an image is in no part, or all are in the same
    """
    unlabelled = sum(label is None for label in labels)
    if unlabelled:
        raise UsageError(f"no official split: {unlabelled} of {len(labels)} images are in no part of one")
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        raise UsageError(f"no official split: {len(names)} part")
    parts = np.array(labels)
    return {str(name): np.flatnonzero(parts == name) for name in names}


def check_no_leakage(split: Mapping[str, ArrayLike], groups: Sequence[object]) -> None:
    """Make sure that no reference, and so no image, is in two parts.

    Args:
        split: indices of the images of each part
        groups: the reference of each image

    Raises:
        UsageError: naming a reference and two parts that it is in
    """
    ids, _ = number_groups(groups)
    part_of: dict[int, str] = {}
    for name, indices in split.items():
        positions = np.asarray(indices, dtype=np.intp)
        for group, first in zip(*np.unique(ids[positions], return_index=True), strict=True):
            if group in part_of:
                index = positions[first]
                what = f"image {index}" if is_missing(groups[index]) else f"the reference {groups[index]}"
                raise UsageError(f"{what} is in both {part_of[group]} and {name}: split by reference, not by image")
            part_of[group] = name


def _members(ids: Indices, groups: Indices) -> Indices:
    return np.flatnonzero(np.isin(ids, groups))
