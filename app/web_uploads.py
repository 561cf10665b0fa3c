"""What visitors of the web page upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from ..plugin.errors import UsageError
from ..plugin.images import Decoded, decode

MAX_PIXELS: Final = 50_000_000

Role = Literal["reference", "distorted", "picture"]

NOUNS: Final[dict[Role, str]] = {
    "reference": "reference image",
    "distorted": "distorted image",
    "picture": "picture",
}

#: An image as the browser sends it, with ``path`` and ``orig_name``. Gradio has checked that the path lies among its
#: uploads. The file there is the visitor's, byte for byte, because events skip the preprocessing of ``gr.Image``,
#: which would decode it.
Upload = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """An uploaded image that can be read."""

    name: str
    path: str
    decoded: Decoded

    @property
    def size(self) -> str:
        """Width and height in words."""
        height, width = self.decoded.shape
        return f"{width} × {height} pixels"


def read(role: Role, upload: Upload | None) -> Picture:
    """Decode what was uploaded for a role.

    Raises:
        UsageError: if nothing was
        ImageError: if it is no image that can be used; by the visitor's own name of it
    """
    noun = NOUNS[role]
    if upload is None:
        raise UsageError(f"There is no {noun} yet. Choose one first.")
    name, path = upload["orig_name"], upload["path"]
    return Picture(name, path, decode(path, name=f"{noun.capitalize()} “{name}”", max_pixels=MAX_PIXELS))
