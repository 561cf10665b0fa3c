"""What Pillow reads only in part of PNG files: pictures with broken metadata, a transparent colour at every depth."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

#: Chunks without which the picture would be another one.
_PICTURE: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
#: The bit of a name's first letter that says that a picture can be shown without the chunk.
_ANCILLARY: Final = 0x20
#: Chunks that say how to show it.
_SHOWN_BY: Final = (b"iCCP", b"eXIf")
#: What Pillow multiplies grey of fewer than 8 bits by, by its name of the raw data.
_SCALE: Final = {"L;2": 85, "L;4": 17}


def without_metadata(content: bytes) -> Iterator[bytes]:
    """The same picture with less beside it: first without texts and what has a wrong checksum, then bare.

    There is none of a file whose picture itself is damaged, or has a part that is not known.
    """
    chunks = list(_chunks(content))
    of_the_picture = [
        (kind, is_whole) for kind, _, is_whole in chunks if not (kind.isalpha() and kind[0] & _ANCILLARY)
    ]
    is_known = all(kind in _PICTURE and is_whole for kind, is_whole in of_the_picture)
    # The methods of compression and filtering, of which there is one.
    if not is_known or (b"IEND", True) not in of_the_picture or content[26:28] != b"\0\0":
        return
    yield SIGNATURE + b"".join(
        part for kind, part, is_whole in chunks if kind in _PICTURE or (kind in _SHOWN_BY and is_whole)
    )
    yield SIGNATURE + b"".join(part for kind, part, _ in chunks if kind in _PICTURE)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind and bytes of each chunk, and whether its checksum is right."""
    place = len(SIGNATURE)
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + length + 12
        checksum = struct.pack(">I", zlib.crc32(content[place + 4 : end - 4]))
        yield kind, content[place:end], content[end - 4 : end] == checksum
        place = end


def transparent_colour(image: Any, stream: BinaryIO) -> Image.Image | None:
    """Alpha of a picture whose tRNS chunk names one colour that Pillow would not find.

    Pillow scales grey of 2 and 4 bits, and keeps the high bytes of 16-bit colours, but takes the chunk's numbers as
    they are.

    Args:
        image: the opened file, whose pixels are not loaded yet
        stream: the file

    Returns:
        mode L, 0 where the colour is; None where Pillow's own way is right
    """
    colour = image.info.get("transparency")
    if colour is None or isinstance(colour, bytes) or not image.tile:
        return None
    tile = image.tile[0]
    if tile.args in _SCALE:
        image.info["transparency"] = colour * _SCALE[tile.args]
    if tile.args not in ("I;16B", "RGB;16B"):
        return None
    del image.info["transparency"]
    image.load()
    samples = np.asarray(image).astype(np.uint16)
    if tile.args == "RGB;16B":
        stream.seek(0)
        with Image.open(stream, formats=("PNG",)) as low_bytes:
            low_bytes.tile = [tile._replace(args="RGB;16L")]
            samples = samples << 8 | np.asarray(low_bytes)
    is_other = samples != np.array(colour, np.uint16)
    return Image.fromarray(np.where(is_other if is_other.ndim == 2 else is_other.any(-1), 255, 0).astype(np.uint8))
