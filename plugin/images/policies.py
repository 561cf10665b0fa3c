"""Named policies of what is done to an image before a metric sees it, recorded with every score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..errors import UsageError

DECODING: Final = 2
"""Version of what decoding makes of files. It rises whenever some file gets other pixels (2: colour profiles)."""

BACKGROUND: Final = (255, 255, 255)
"""What shows through transparent pixels."""


@dataclass(frozen=True)
class ImagePolicy:
    """How decoded pixels are brought to a metric's input size.

    Args:
        name: the policy's name, recorded with scores
        size: side of the square that images are resized to, in pixels; None leaves them as they are
    """

    name: str
    size: int | None

    def describe(self) -> dict[str, Any]:
        """Everything that decides the pixels, for run records."""
        return {
            "name": self.name,
            "resize": None if self.size is None else f"{self.size}×{self.size} bilinear, antialiased, 8 bit",
            "background": list(BACKGROUND),
            "orientation": "EXIF applied",
            "colour": "ICC profiles to sRGB, relative colorimetric, black point compensation",
            "decoding": DECODING,
        }


RESIZE_256: Final = ImagePolicy("resize-256", 256)
NATIVE: Final = ImagePolicy("native", None)
POLICIES: Final = {policy.name: policy for policy in (RESIZE_256, NATIVE)}


def image_policy(name: str) -> ImagePolicy:
    """Look a policy up by name.

    Raises:
        UsageError: if there is none of that name
    """
    try:
        return POLICIES[name]
    except KeyError:
        raise UsageError(f"no image policy {name!r}; there are {', '.join(POLICIES)}") from None
