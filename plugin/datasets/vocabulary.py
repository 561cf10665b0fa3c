"""Distortions in words, called the same in every dataset, and what kind of distortion each is."""

from typing import Final

CATEGORIES: Final = ("noise", "blur", "compression", "colour", "spatial", "contrast", "transmission", "restoration")
"""KADID-10k's, with brightness under contrast; and faults of transmission, and what restoration leaves."""

_DISTORTIONS: Final = {
    "noise": (
        "additive Gaussian noise",
        "comfort noise",
        "high-frequency noise",
        "image denoising",
        "impulse noise",
        "masked noise",
        "multiplicative noise",
        "noise stronger in colour than in luminance",
        "pink noise",
        "quantisation noise",
        "spatially correlated noise",
        "white noise",
        "white noise in colour component",
    ),
    "blur": ("Gaussian blur", "lens blur", "motion blur"),
    "compression": (
        "JPEG 2000 compression",
        "JPEG compression",
        "lossy compression of noisy image",
        "sparse sampling and reconstruction",
    ),
    "colour": (
        "chromatic aberrations",
        "colour diffusion",
        "colour quantisation",
        "colour quantisation with dither",
        "colour saturation change",
        "colour saturation change in HSV",
        "colour saturation change in Lab",
        "colour shift",
    ),
    "spatial": (
        "colour blocks",
        "jitter",
        "local block-wise distortion",
        "non-eccentricity pattern",
        "pixelation",
        "quantisation",
    ),
    "contrast": ("brightening", "contrast change", "contrast loss", "darkening", "mean shift", "oversharpening"),
    "transmission": ("JPEG 2000 transmission errors", "JPEG transmission errors", "fast fading"),
    "restoration": (
        "GAN-based super-resolution",
        "PSNR-oriented super-resolution",
        "denoising",
        "super-resolution and denoising",
        "super-resolution with kernel mismatch",
        "traditional super-resolution",
    ),
}
_CATEGORY: Final = {name: category for category, names in _DISTORTIONS.items() for name in names}


def category_of(distortion: str | None) -> str | None:
    """The category of a distortion, one of ``CATEGORIES``; None where it has none."""
    return None if distortion is None else _CATEGORY.get(distortion)
