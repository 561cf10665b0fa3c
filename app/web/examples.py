"""Example pictures for the web page, made from photographs that scikit-image ships."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from PIL import Image

from ...plugin.datasets.synthesis.distortions import DISTORTIONS
from ...plugin.images import decode

LEVEL: Final = 4
"""How strong the distortions are, of 1 to 5."""


@dataclass(frozen=True)
class Example:
    """A photograph and how it is distorted.

    Args:
        title: what its button says
        photo: the photograph's file
        distortion: type of the distortion
    """

    title: str
    photo: Path
    distortion: str

    @property
    def in_words(self) -> str:
        """How it is distorted, in words."""
        return f"{DISTORTIONS[self.distortion].title} of level {LEVEL} of 5"


def available() -> tuple[Example, ...]:
    """The examples that can be made: none where scikit-image is not installed."""
    package = find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        return ()
    photos = Path(package.submodule_search_locations[0]) / "data"
    return (
        Example("JPEG", photos / "coffee.png", "jpeg"),
        Example("Blur", photos / "chelsea.png", "gaussian_blur"),
        Example("Noise", photos / "astronaut.png", "white_noise"),
    )


def pairs() -> dict[str, Callable[[], tuple[Path, Path]]]:
    """What makes each example's reference and distorted image, by its title."""
    return {example.title: partial(make, example) for example in available()}


def singles() -> dict[str, Callable[[], Path]]:
    """What makes one photograph as it is, and blurred."""
    return {
        title: partial(_one_of, example, place)
        for example in available()
        if example.distortion == "gaussian_blur"
        for place, title in enumerate(("Sharp", "Blurred"))
    }


def photographs() -> dict[str, Callable[[], Path]]:
    """What makes one photograph as it is."""
    return {"Photo": singles()["Sharp"]} if available() else {}


def _one_of(example: Example, place: int) -> Path:
    return make(example)[place]


@cache
def make(example: Example) -> tuple[Path, Path]:
    """Make an example once.

    Returns:
        paths of the reference and of the distorted image, which exist as long as the process
    """
    reference = Path(_folder().name) / example.photo.name
    distorted = reference.with_stem(f"{reference.stem}-{example.distortion}")
    pixels = decode(example.photo).pixels
    worse = DISTORTIONS[example.distortion](pixels, LEVEL, np.random.default_rng(0))
    Image.fromarray(pixels).save(reference)
    Image.fromarray(worse).save(distorted)
    return reference, distorted


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="deepmse-examples-")
