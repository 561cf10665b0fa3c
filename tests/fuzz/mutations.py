"""Files broken in the ways that files break: bits, ends, lengths, and halves of other files."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

#: What length, offset and size fields are set to.
EXTREMES = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)


def mutate(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    """A change or two of a file.

    Args:
        rng: decides them
        content: the file
        other: another of its kind, for splices
    """
    for _ in range(1 + int(rng.random() < 0.3)):
        if len(content) < 8:
            break
        content = CHANGES[rng.integers(len(CHANGES))](rng, content, other)
    return content


def _place(rng: np.random.Generator, content: bytes) -> int:
    """Anywhere, but half of the time among the first hundred bytes, where headers are."""
    return int(rng.integers(min(len(content), 100) if rng.random() < 0.5 else len(content)))


def _bits(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        data[_place(rng, content)] ^= 1 << int(rng.integers(8))
    return bytes(data)


def _noise(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    place, length = _place(rng, content), int(rng.integers(1, 9))
    return content[:place] + rng.bytes(length) + content[place + length :]


def _cut(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    return content[: _place(rng, content)]


def _gap(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    place, length = _place(rng, content), int(rng.integers(1, 65))
    return content[:place] + content[place + length :]


def _repeat(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    place, length = _place(rng, content), int(rng.integers(1, 257))
    return content[: place + length] + content[place : place + length] + content[place + length :]


def _number(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    value, (kind, mask) = int(rng.choice(EXTREMES)), (("H", 0xFFFF), ("I", 0xFFFFFFFF))[rng.integers(2)]
    packed = struct.pack("<>"[rng.integers(2)] + kind, value & mask)
    place = _place(rng, content)
    return content[:place] + packed + content[place + len(packed) :]


def _splice(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    return content[: _place(rng, content)] + other[int(rng.integers(len(other))) :]


def _swap(rng: np.random.Generator, content: bytes, other: bytes) -> bytes:
    first, second = sorted((_place(rng, content), _place(rng, content)))
    length = min(int(rng.integers(1, 33)), second - first)
    a, b = content[first : first + length], content[second : second + length]
    return content[:first] + b + content[first + length : second] + a + content[second + length :]


def with_checksums(content: bytes) -> bytes:
    """A PNG file whose chunks' checksums are right, as far as it has chunks, so that what they guard is reached."""
    return content[:8] + b"".join(
        body[:4] + body[4:-4] + struct.pack(">I", zlib.crc32(body[4:-4])) for body in png_chunks(content)
    )


def bare(content: bytes) -> bytes:
    """A PNG file without its ancillary chunks but for transparency."""
    return content[:8] + b"".join(
        chunk for chunk in png_chunks(content) if not chunk[4] & 0x20 or chunk[4:8] == b"tRNS"
    )


def png_chunks(content: bytes) -> Iterator[bytes]:
    place = 8
    while place + 12 <= len(content):
        length = 12 + int.from_bytes(content[place : place + 4], "big")
        yield content[place : place + length]
        place += length


CHANGES = (_bits, _noise, _cut, _gap, _repeat, _number, _splice, _swap)
