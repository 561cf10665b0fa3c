"""Colours as a viewer shows them: profiles to sRGB, inks to light, transparent pixels on white."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from .policies import BACKGROUND

#: What a profile's colour space is called, by Pillow's mode of the pixels that it can describe.
_SPACES: Final = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
#: Grey levels by which a profile may differ from sRGB and still be called sRGB: what rounding in its tables makes.
_SAME: Final = 2
_FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION

UNUSABLE_PROFILE: Final = "unusable colour profile passed over"


def to_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Pixels as sRGB: by the image's ICC profile, relative colorimetric with black point compensation.

    A profile that is sRGB in effect leaves the pixels as they are; one that is broken, or of another colour space
    than the pixels, is passed over, as viewers do. Gamma and chromaticity chunks of PNG files are not looked at.

    Args:
        image: mode L, RGB or CMYK
        notes: what was done is added here

    Returns:
        mode L or RGB
    """
    profile = image.info.get("icc_profile")
    if profile:
        try:
            found = _transform(profile, image.mode)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append(UNUSABLE_PROFILE)
        else:
            if found is None:
                return image
            transform, title = found
            converted = ImageCms.applyTransform(image, transform)
            notes.append(f"colour profile “{title}” converted to sRGB")
            return converted if converted is not None else image
    if image.mode == "CMYK":
        notes.append("CMYK converted without a colour profile")
        return image.convert("RGB")
    return image


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> tuple[ImageCms.ImageCmsTransform, str] | None:
    """The way from a profile to sRGB, and the profile's name; None if it changes nothing.

    Raises:
        PyCMSError: if the profile is broken, or of another colour space than ``mode``
    """
    opened = ImageCms.ImageCmsProfile(BytesIO(profile))
    if opened.profile.xcolor_space.strip() != _SPACES[mode]:
        raise ImageCms.PyCMSError(f"a profile of {opened.profile.xcolor_space} for pixels of {mode}")
    transform = ImageCms.buildTransform(
        opened, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, _FLAGS
    )
    if mode != "CMYK" and _changes_nothing(transform, mode):
        return None
    return transform, " ".join(ImageCms.getProfileDescription(opened).split())[:80] or "without a name"


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    if mode == "L":
        colours = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    else:
        colours = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3))
    converted = ImageCms.applyTransform(colours, transform)
    difference = np.asarray(converted, dtype=int) - np.asarray(colours.convert("RGB"), dtype=int)
    return bool(np.abs(difference).max() <= _SAME)


def on_white(image: Image.Image, alpha: Image.Image, notes: list[str]) -> Image.Image:
    """An RGB image over white.

    Args:
        image: mode RGB
        alpha: mode L, 0 where the background shows
        notes: that it was done is added here, where any pixel lets the background through
    """
    if alpha.getextrema() == (255, 255):
        return image
    notes.append("alpha composited on white")
    coloured = image.convert("RGBA")
    coloured.putalpha(alpha)
    return Image.alpha_composite(Image.new("RGBA", image.size, (*BACKGROUND, 255)), coloured).convert("RGB")
