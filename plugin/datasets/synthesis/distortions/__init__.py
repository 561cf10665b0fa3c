"""The 25 types of synthetic distortion of KADID-10k, in five levels each.

Types and levels are those of H. Lin, V. Hosu, D. Saupe, "KADID-10k: A Large-scale Artificially Distorted IQA
Database", QoMEX 2019, as in ``imdist_generator.m``, which its authors published with KADIS-700k. That generator also
stretches each image to the full range of values; here brightness and contrast stay as they are. For what it takes
from MATLAB's toolboxes there is the nearest of SciPy and Pillow here: a palette by k-means, shifts by cubic splines,
and thresholded cosine transforms for its denoising network.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....errors import UsageError
from ...vocabulary import category_of
from . import blur, colour, compression, noise, spatial, tone
from .pixels import Pixels

LEVELS = range(1, 6)


@dataclass(frozen=True)
class Distortion:
    """One type of distortion.

    Attributes:
        title: what it is called in words, as in every dataset
        apply: (RGB of shape (H, W, 3), strength, random generator) -> RGB of the same shape
        strengths: the strength at each level, 1 to 5; what it measures, ``apply`` says
        monotone: whether quality falls with the level
        neutral: the level that leaves 8-bit images as they are; None where every level changes them
    """

    title: str
    apply: Callable[[Pixels, float, np.random.Generator], Pixels]
    strengths: tuple[float, float, float, float, float]
    monotone: bool = True
    neutral: int | None = None

    @property
    def category(self) -> str | None:
        """What the distortion does, e.g. "noise"."""
        return category_of(self.title)

    def __call__(self, rgb: Pixels, level: int, rng: np.random.Generator) -> Pixels:
        """Distort an RGB image, uint8 of shape (H, W, 3); UsageError where there is no such level."""
        if level not in LEVELS:
            raise UsageError(f"no distortion level {level}; there are {LEVELS[0]} to {LEVELS[-1]}")
        return self.apply(rgb, self.strengths[level - 1], rng)


# In KADID-10k's order: the first is its type 01, the last its type 25.
# fmt: off
_TABLE = (
    Distortion("Gaussian blur",                   blur.gaussian_blur,                (0.1, 0.5, 1, 2, 5), neutral=1),
    Distortion("lens blur",                       blur.lens_blur,                    (1, 2, 4, 6, 8)),
    Distortion("motion blur",                     blur.motion_blur,                  (1, 2, 4, 6, 10), neutral=1),
    Distortion("colour diffusion",                colour.color_diffusion,            (1, 3, 6, 8, 12)),
    Distortion("colour shift",                    colour.color_shift,                (1, 3, 6, 8, 12)),
    Distortion("colour quantisation",             colour.color_quantization,         (64, 48, 32, 16, 8)),
    Distortion("colour saturation change in HSV", colour.color_saturation_1,         (0.4, 0.2, 0.1, 0, -0.4)),
    Distortion("colour saturation change in Lab", colour.color_saturation_2,         (1, 2, 3, 6, 9), neutral=1),
    Distortion("JPEG 2000 compression",           compression.jpeg_2000,             (16, 32, 45, 120, 400)),
    Distortion("JPEG compression",                compression.jpeg,                  (43, 36, 24, 7, 4)),
    Distortion("white noise",                     noise.white_noise,                 (1e-3, 2e-3, 3e-3, 5e-3, 1e-2)),
    Distortion("white noise in colour component", noise.white_noise_color_component, (1e-4, 5e-4, 1e-3, 2e-3, 3e-3)),
    Distortion("impulse noise",                   noise.impulse_noise,               (0.001, 0.005, 0.01, 0.02, 0.03),
               ),
    Distortion("multiplicative noise",            noise.multiplicative_noise,        (0.001, 0.005, 0.01, 0.02, 0.05),
               ),
    Distortion("image denoising",                 noise.denoise,                     (0.01, 0.03, 0.05, 0.1, 0.15)),
    Distortion("brightening",                     tone.brighten,                     (0.1, 0.2, 0.4, 0.7, 1.1)),
    Distortion("darkening",                       tone.darken,                       (0.05, 0.1, 0.2, 0.4, 0.8)),
    Distortion("mean shift",                      tone.mean_shift,                   (0.15, 0.08, 0, -0.08, -0.15),
               monotone=False, neutral=3),
    Distortion("jitter",                          spatial.jitter,                    (0.05, 0.1, 0.2, 0.5, 1)),
    Distortion("non-eccentricity pattern",        spatial.non_eccentricity_patch,    (20, 40, 60, 80, 100)),
    Distortion("pixelation",                      spatial.pixelate,                  (0.01, 0.05, 0.1, 0.2, 0.5)),
    Distortion("quantisation",                    spatial.quantization,              (20, 16, 13, 10, 7)),
    Distortion("colour blocks",                   spatial.color_block,               (2, 4, 6, 8, 10)),
    Distortion("oversharpening",                  tone.high_sharpen,                 (1, 2, 3, 6, 12)),
    Distortion("contrast change",                 tone.contrast_change,              (0.3, 0.15, 0, -0.4, -0.6),
               monotone=False),
)
# fmt: on

DISTORTIONS = {distortion.apply.__name__: distortion for distortion in _TABLE}
"""Each type by its name on the command line and in files."""
