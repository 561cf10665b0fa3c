"""Random distortions of random strength, alone and one after the other, for models to learn from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from .distortions import blur, colour, compression, noise, spatial, tone
from .distortions.pixels import Pixels

Apply = Callable[[Pixels, float, np.random.Generator], Pixels]


@dataclass(frozen=True)
class Kind:
    """A distortion whose strength is drawn.

    Args:
        apply: (RGB of shape (H, W, 3), strength, random generator) -> RGB of the same shape
        weakest: strength that is just seen
        strongest: strength that leaves little of the picture
    """

    apply: Apply
    weakest: float
    strongest: float

    def strength(self, share: float) -> float:
        """From the weakest at 0 to the strongest at 1, in equal ratios."""
        return float(self.weakest * (self.strongest / self.weakest) ** share)


# fmt: off
KINDS: Final[Mapping[str, Kind]] = {kind.apply.__name__: kind for kind in (
    Kind(blur.gaussian_blur,                0.4,  10),
    Kind(blur.lens_blur,                    1,    12),
    Kind(blur.motion_blur,                  2,    24),
    Kind(compression.jpeg,                  70,   3),
    Kind(compression.jpeg_2000,             12,   500),
    Kind(compression.damaged_jpeg_2000,     4,    200),
    Kind(noise.white_noise,                 2e-4, 0.15),
    Kind(noise.white_noise_color_component, 2e-4, 0.05),
    Kind(noise.impulse_noise,               5e-4, 0.15),
    Kind(noise.multiplicative_noise,        5e-4, 0.2),
    Kind(noise.denoise,                     2e-3, 0.2),
    Kind(spatial.jitter,                    0.05, 1.5),
    Kind(spatial.pixelate,                  5e-3, 0.6),
    Kind(spatial.resample,                  1.2,  8),
    Kind(spatial.quantization,              24,   4),
    Kind(colour.color_quantization,         64,   5),
    Kind(tone.high_sharpen,                 0.7,  14),
    Kind(tone.brighten,                     0.1,  1.3),
    Kind(tone.darken,                       0.05, 0.98),
)}
"""What is drawn from, by name."""
# fmt: on

MIXTURES: Final = (
    ("gaussian_blur", "jpeg"),
    ("motion_blur", "jpeg"),
    ("resample", "jpeg"),
    ("jpeg", "resample"),
    ("jpeg", "jpeg"),
    ("white_noise", "jpeg"),
    ("white_noise", "gaussian_blur"),
    ("gaussian_blur", "white_noise"),
    ("lens_blur", "white_noise"),
    ("resample", "high_sharpen"),
    ("denoise", "high_sharpen"),
    ("darken", "white_noise_color_component"),
    ("brighten", "jpeg"),
)
"""What follows on what in pictures that people meet."""

#: Of the strengths in a mixture, the highest share.
_MIXED: Final = 0.75


@dataclass(frozen=True)
class Draw:
    """What is done to a photograph.

    Args:
        scale: what it is reduced to first, 0 to 1
        steps: names of distortions and their strengths, one after the other; none leaves it clean
        seed: of what is random in them
    """

    scale: float
    steps: tuple[tuple[str, float], ...]
    seed: int

    @classmethod
    def random(cls, rng: np.random.Generator, *, clean: float = 0.08, mixed: float = 0.3) -> Self:
        """Draw one.

        Args:
            rng: where from
            clean: share of photographs left clean
            mixed: share of mixtures among the others
        """
        scale = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.5, 1))
        names: tuple[str, ...] = ()
        highest = 1.0
        if rng.random() >= clean:
            if rng.random() < mixed:
                names, highest = MIXTURES[rng.integers(len(MIXTURES))], _MIXED
            else:
                names = (list(KINDS)[rng.integers(len(KINDS))],)
        steps = tuple((name, KINDS[name].strength(rng.uniform(0, highest))) for name in names)
        return cls(scale, steps, int(rng.integers(2**32)))

    def __call__(self, rgb: Pixels) -> tuple[Pixels, Pixels]:
        """The reduced photograph, and what the steps make of it: RGB of shape (H, W, 3)."""
        clean = _reduced(rgb, self.scale)
        rng = np.random.default_rng(self.seed)
        worse = clean
        for name, strength in self.steps:
            worse = KINDS[name].apply(worse, strength, rng)
        return clean, worse


def _reduced(rgb: Pixels, scale: float) -> Pixels:
    from PIL import Image

    if scale == 1:
        return rgb
    height, width = (math.ceil(scale * side) for side in rgb.shape[:2])
    return np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))
