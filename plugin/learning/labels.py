"""Labelled images to learn from, whatever holds them, and one set of checks for all. Loads no PyTorch."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import datasets
from ..errors import UsageError
from ..tables import read_table
from ..vocabulary import SOURCE
from .opinion import as_quality

#: How far outside their scale labels may lie and still count as its end, as a share of the scale: published means
#: that were realigned between sessions overshoot it by up to an eighth.
_OVERSHOOT: Final = 0.25


@dataclass(frozen=True)
class LabelledImages:
    """N images and what people think of each.

    Args:
        paths: of the images
        opinions: 0 to 100, higher is better, (N,)
        references: path of what each image was made from; None where it is an original
        origin: where the labels come from, and how many were left out, for the model card; JSON-able
        parts: the part of the authors' own split that each image is in; None where it is in none
        sources: what tells which images show the same picture, where that is not the reference
    """

    paths: tuple[Path, ...]
    opinions: NDArray[np.float64]
    references: tuple[str | None, ...]
    origin: dict[str, Any]
    parts: tuple[str | None, ...] = ()
    sources: tuple[str | None, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, chosen: NDArray[np.intp]) -> Self:
        """Some of the images, by their places."""
        return replace(
            self,
            paths=tuple(self.paths[index] for index in chosen),
            opinions=self.opinions[chosen],
            references=tuple(self.references[index] for index in chosen),
            parts=tuple(self.parts[index] for index in chosen) if self.parts else (),
            sources=tuple(self.sources[index] for index in chosen) if self.sources else (),
        )

    @property
    def pictures(self) -> tuple[str | None, ...]:
        """What images of the same picture have in common, so that a split keeps them together; None by itself."""
        return self.sources or self.references

    @property
    def digest(self) -> str:
        """What tells one set of labelled images from another: SHA-256 of the files' names and the opinions."""
        rows = [[path.name, float(opinion)] for path, opinion in zip(self.paths, self.opinions, strict=True)]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    @property
    def left_out(self) -> list[str]:
        """What became of labels that could not be taken as they are, a sentence each."""
        origin, notes = self.origin, []
        if unlabelled := origin.get("unlabelled"):
            notes.append(f"left out: {unlabelled:,} images without a finite label")
        if outside := origin.get("outside_scale"):
            low, high = origin["scale"]
            notes.append(f"{outside:,} labels lie outside the scale {low:g} to {high:g} and count as its ends")
        return notes


def labelled(
    paths: Sequence[Path],
    values: Sequence[float | None],
    references: Sequence[str | None],
    *,
    holder: str,
    target: str,
    scale: tuple[float, float] | None = None,
    lower_is_better: bool = False,
    parts: Sequence[str | None] = (),
    sources: Sequence[str | None] = (),
    **origin: Any,
) -> LabelledImages:
    """Check labels and bring them to the scale of quality.

    Args:
        paths: of N images
        values: their labels; those that are None, NaN or infinite are left out with their images
        references: what each image was made from; None where it is an original
        holder: what has the labels, for messages
        target: what the labels are called
        scale: lowest and highest label that there could be; None for those that there are. Labels outside it by up
            to a quarter of its extent count as its ends
        lower_is_better: the labels' direction
        parts: the part of the authors' own split that each image is in; empty where there is none
        sources: what tells which images show the same picture; empty where that is the reference
        origin: more for the model card

    Raises:
        UsageError: if there are no labels, all are the same, or one lies far outside the scale
    """
    known = [index for index, value in enumerate(values) if value is not None and math.isfinite(value)]
    if not known:
        raise UsageError(f"{holder}: no image has a {target}")
    finite = np.array([values[index] for index in known], dtype=np.float64)
    require_contrast(finite, holder)
    lowest, highest = scale or (float(finite.min()), float(finite.max()))
    if not lowest < highest:
        raise UsageError(f"{holder}: a scale from {lowest:g} to {highest:g} has no extent")
    slack = _OVERSHOOT * (highest - lowest)
    far = np.flatnonzero((finite < lowest - slack) | (finite > highest + slack))
    if len(far):
        raise UsageError(
            f"{holder}: {paths[known[far[0]]]} is labelled {finite[far[0]]:g}, far outside the scale {lowest:g} to "
            f"{highest:g}; correct the scale or the label"
        )
    inside = finite.clip(lowest, highest)
    return LabelledImages(
        tuple(paths[index] for index in known),
        as_quality(inside, lowest, highest, lower_is_better=lower_is_better),
        tuple(references[index] for index in known),
        {
            **origin,
            "target": target,
            "unlabelled": len(values) - len(known),
            "outside_scale": int(np.count_nonzero(inside != finite)),
            "scale": [lowest, highest],
            "lower_is_better": lower_is_better,
        },
        tuple(parts[index] for index in known) if parts else (),
        tuple(sources[index] for index in known) if sources else (),
    )


def from_csv(
    path: Path, target: str, *, lower_is_better: bool = False, scale: tuple[float, float] | None = None
) -> LabelledImages:
    """Read labels from a CSV file: columns ``dist`` and the target's, and ``ref`` or ``quality_source`` if any.

    Args:
        path: the file; relative paths in it start at its folder
        target: column of the labels
        lower_is_better: see :func:`labelled`
        scale: see :func:`labelled`

    Raises:
        UsageError: if a column is missing or a label is no number, and as :func:`labelled`
    """
    table = read_table(path)
    table.require("dist")
    return labelled(
        [path.parent / row["dist"].strip() for row in table.rows],
        table.numbers(target),
        [str(path.parent / ref) if (ref := row.get("ref", "").strip()) else None for row in table.rows],
        holder=str(path),
        target=target,
        scale=scale,
        lower_is_better=lower_is_better,
        sources=() if "ref" in table.columns else [row.get(SOURCE, "").strip() or None for row in table.rows],
        name=path.stem,
    )


def from_dataset(name: str, root: Path) -> LabelledImages:
    """Take labels from a published dataset in its folder.

    Raises:
        UsageError: if there is no such dataset, or it is not in the folder, and as :func:`labelled`
    """
    quality = datasets.load(name, root)
    return labelled(
        [record.dist for record in quality.records],
        [record.target for record in quality.records],
        [None if record.ref is None else str(record.ref) for record in quality.records],
        holder=quality.name,
        target=quality.target_kind,
        scale=quality.target_range,
        lower_is_better=quality.target_lower_is_better,
        parts=[record.split for record in quality.records],
        name=quality.name,
        source=quality.source,
        terms=quality.licence,
        citation=quality.citation,
        distribution="images and opinion scores are not redistributed",
    )


def require_contrast(labels: ArrayLike, holder: str = "training") -> None:
    """Check that labels differ.

    Raises:
        UsageError: if there are some, and all are the same
    """
    values = np.asarray(labels, dtype=np.float64)
    if len(values) and np.ptp(values) == 0:
        raise UsageError(f"{holder}: all {len(values)} labels are {values[0]:g}; there is nothing to learn")
