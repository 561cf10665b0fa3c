"""Two pictures of different shapes: what may be done, and doing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from ...plugin.errors import UsageError
from ...plugin.images.sizes import same_shape
from .uploads import Picture


class Shapes(StrEnum):
    """What is done to a pair of pictures of different shapes before it is scored."""

    ASK = "ask"
    """Nothing: there is no score."""

    CROP = "crop"
    """Both are cut to the middle part of the size that they have in common."""

    FIT = "fit"
    """Both are brought to the metric's square, whatever that stretches."""


NOTES: Final = {
    Shapes.CROP: "both cropped at their centres to {width} × {height} pixels, since their shapes differ",
    Shapes.FIT: "both stretched to one square, since their shapes differ: the score is no measure of quality",
}


def chosen(shapes: object) -> Shapes:
    """What a client chose.

    Raises:
        UsageError: if there is no such choice
    """
    if isinstance(shapes, str) and shapes in [*Shapes]:
        return Shapes(shapes)
    raise UsageError(f"Choose what to do with pictures of different shapes: {', '.join(Shapes)}.")


def differ(reference: Picture, distorted: Picture) -> bool:
    """Whether two pictures don't lie over each other, however they are scaled."""
    return not same_shape(reference.decoded.shape, distorted.decoded.shape)


def common(reference: Picture, distorted: Picture) -> tuple[int, int]:
    """Width and height that both pictures have."""
    height, width = map(min, reference.decoded.shape, distorted.decoded.shape)
    return width, height


def warning(reference: Picture, distorted: Picture) -> str:
    """What to know of a pair of different shapes before there is a score."""
    return (
        f"These pictures have different shapes: “{reference.name}” has {reference.size}, “{distorted.name}” "
        f"{distorted.size}. They don’t lie over each other, so a score would be no measure of quality."
    )


def brought_together(
    place: Callable[[str], Path], reference: Picture, distorted: Picture, shapes: Shapes
) -> tuple[Picture, Picture, str]:
    """A pair as it is scored, and what was done to it, in words; nothing is done to pictures of one shape.

    Args:
        place: makes the path of a new file from its suffix
        reference: the original
        distorted: the image to score
        shapes: what to do with different shapes

    Raises:
        UsageError: if that is to ask
    """
    if not differ(reference, distorted):
        return reference, distorted, ""
    if shapes is Shapes.ASK:
        raise UsageError(warning(reference, distorted))
    width, height = common(reference, distorted)
    if shapes is Shapes.CROP:
        reference, distorted = (_cropped(place, picture, width, height) for picture in (reference, distorted))
    return reference, distorted, NOTES[shapes].format(width=width, height=height)


def _cropped(place: Callable[[str], Path], picture: Picture, width: int, height: int) -> Picture:
    image = picture.decoded.image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    middle = image.crop((left, top, left + width, top + height))
    path = place(".png")
    middle.save(path, compress_level=1)
    return replace(picture, path=str(path), decoded=replace(picture.decoded, image=middle))
