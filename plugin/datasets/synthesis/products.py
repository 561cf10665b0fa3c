"""Images that say by what recipe they were made, in a text chunk of their PNG files."""

import io
import os
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ...errors import UsageError
from ...files import write_whole

_KEY = "deepmse"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def is_made(path: Path, recipe: str) -> bool:
    """Whether the whole image made by a recipe is there; UsageError where there is one of other origin."""
    try:
        with Image.open(path) as image:
            found = image.info.get(_KEY)
        with path.open("rb") as file:
            file.seek(-len(_PNG_END), os.SEEK_END)
            whole = file.read() == _PNG_END
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    if found is None:
        raise UsageError(f"{path}: was not made by this program and would be overwritten; choose another folder")
    return whole and found == recipe


def write_png(path: Path, image: Image.Image, recipe: str) -> None:
    """Write an image, and in it the recipe that it was made by; OutputError where it cannot be written."""
    text = PngInfo()
    text.add_text(_KEY, recipe)
    content = io.BytesIO()
    image.save(content, "PNG", pnginfo=text, compress_level=1)
    write_whole(path, content.getvalue())
