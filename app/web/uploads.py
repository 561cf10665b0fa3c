"""What visitors of the web page upload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ...plugin.errors import UsageError
from ...plugin.images import Decoded, decode

MAX_PIXELS: Final = 50_000_000
MAX_FILE_BYTES: Final = 64 << 20

Role = Literal["reference", "distorted", "picture", "original"]

NOUNS: Final[dict[Role, str]] = {
    "reference": "reference image",
    "distorted": "distorted image",
    "picture": "picture",
    "original": "original",
}

#: An image as a client sends it: the browser with ``path`` and ``orig_name``, others with what they like. The file
#: is the visitor's, byte for byte, because events skip the preprocessing of ``gr.Image``, which would decode it.
Upload = dict[str, Any]

#: Tells the folder that uploads are in.
Uploads = Callable[[], str]


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


def read(uploads: Uploads, role: Role, upload: Upload | None) -> Picture:
    """Decode what was uploaded for a role.

    Raises:
        UsageError: if nothing was, or a file that is not among the uploads
        ImageError: if it is no image that can be used; by the visitor's own name of it
    """
    noun = NOUNS[role]
    if upload is None:
        raise UsageError(f"There is no {noun} yet. Choose one first.")
    name, path = stored(uploads, upload, noun)
    return Picture(name, path, decode(path, name=f"{noun.capitalize()} “{name}”", max_pixels=MAX_PIXELS))


def stored(uploads: Uploads, upload: Upload, noun: str, max_bytes: int = MAX_FILE_BYTES) -> tuple[str, str]:
    """The visitor's name of an uploaded file, and its path here.

    Args:
        uploads: tells the folder that uploads are in
        upload: what a client sent
        noun: what to call the file in errors
        max_bytes: limit on its size

    Raises:
        UsageError: if it is no file among the uploads, or too large
    """
    path = upload.get("path") if isinstance(upload, dict) else None
    if not isinstance(path, str) or not _is_in(uploads(), path):
        raise UsageError(f"The {noun} is no uploaded file. Upload it, and send the path that the upload gives.")
    name = upload.get("orig_name")
    if not isinstance(name, str) or not name:
        name = Path(path).name
    if Path(path).is_file() and (size := Path(path).stat().st_size) > max_bytes:
        raise UsageError(
            f"{noun.capitalize()} “{name}” has {size / 2**20:.0f} MB, of at most {max_bytes / 2**20:.0f}. "
            "Choose a smaller one."
        )
    return name, path


def _is_in(folder: str, path: str) -> bool:
    """Whether a file lies in a folder. Gradio checks only paths whose ``meta`` says that they are files."""
    return Path(path).resolve().is_relative_to(Path(folder).resolve())
