"""Every PNG that the standard allows: colour type × bit depth × transparency × interlacing, and damaged metadata."""

import struct
import zlib
from itertools import product

import numpy as np
import pytest
from deepmse.plugin.errors import ImageError
from deepmse.plugin.images import decode

HEIGHT, WIDTH = 35, 41
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
#: First row and column, and steps, of the seven passes of Adam7 (PNG specification, 8.2).
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CASES = [
    (colour, depth, transparent, interlaced)
    for colour, depths in DEPTHS.items()
    for depth, transparent, interlaced in product(depths, (False, True), (False, True))
    if not (transparent and colour in (GREY_ALPHA, RGBA))
]


def chunk(kind: bytes, data: bytes, crc: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def scanlines(samples: np.ndarray, depth: int) -> bytes:
    """Unfiltered rows of samples (H, W, C), packed as the standard says."""
    rows = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        packed = [row.astype(">u2").tobytes() for row in rows]
    else:
        bits = (rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in bits]
    return b"".join(b"\0" + row for row in packed)


def png(
    samples: np.ndarray,
    depth: int,
    colour: int,
    *,
    ancillary: bytes = b"",
    interlaced: bool = False,
    late: bytes = b"",
) -> bytes:
    """A PNG file of samples (H, W, C)."""
    height, width, _ = samples.shape
    passes = [samples[row::down, column::right] for row, column, down, right in ADAM7] if interlaced else [samples]
    data = b"".join(scanlines(part, depth) for part in passes if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"".join(
        [SIGNATURE, chunk(b"IHDR", header), ancillary, chunk(b"IDAT", zlib.compress(data)), late, chunk(b"IEND", b"")]
    )


def made(colour: int, depth: int, transparent: bool) -> tuple[np.ndarray, bytes, np.ndarray]:
    """Samples, the chunks that belong to them, and what a viewer shows on white, float (H, W, 3)."""
    rng = np.random.default_rng([colour, depth])
    samples = rng.integers(0, 1 << depth, (HEIGHT, WIDTH, CHANNELS[colour])).astype(np.int64)
    to_8 = samples >> 8 if depth == 16 else samples * 255 // ((1 << depth) - 1)
    alpha = np.full((HEIGHT, WIDTH, 1), 255)
    chunks = b""
    if colour == PALETTE:
        entries = rng.integers(0, 256, (1 << depth, 3))
        chunks = chunk(b"PLTE", entries.astype(np.uint8).tobytes())
        to_8 = entries[samples[..., 0]]
        if transparent:
            alphas = rng.integers(0, 256, 1 << depth)
            alphas[0] = 0
            chunks += chunk(b"tRNS", alphas.astype(np.uint8).tobytes())
            alpha = alphas[samples]
    elif transparent:
        key = samples[3, 5].copy()
        samples[10:14, 7:20] = key
        to_8[10:14, 7:20] = to_8[3, 5]
        # A neighbour of the key, equal to it in all that 8 bits keep.
        if depth == 16:
            samples[20:22, 7:20] = key ^ 1
            to_8[20:22, 7:20] = to_8[3, 5]
        chunks = chunk(b"tRNS", key.astype(">u2").tobytes())
        alpha = np.where((samples == key).all(-1, keepdims=True), 0, 255)
    elif colour in (GREY_ALPHA, RGBA):
        alpha = to_8[..., -1:]
        to_8 = to_8[..., :-1]
    shown = np.broadcast_to(to_8, (HEIGHT, WIDTH, 3))
    return samples, chunks, shown * (alpha / 255) + 255 * (1 - alpha / 255)


@pytest.mark.parametrize(("colour", "depth", "transparent", "interlaced"), CASES)
def test_every_colour_type_and_depth_is_shown_as_the_standard_says(colour, depth, transparent, interlaced):
    samples, chunks, expected = made(colour, depth, transparent)
    decoded = decode(png(samples, depth, colour, ancillary=chunks, interlaced=interlaced))
    # Compositing rounds to grey levels.
    np.testing.assert_allclose(decoded.pixels, expected, atol=1 if transparent or colour in (4, 6) else 0)
    assert ("alpha composited on white" in decoded.notes) == (transparent or colour in (GREY_ALPHA, RGBA))
    assert any(note.startswith("16-bit") for note in decoded.notes) == (depth == 16)


BROKEN = {
    "zTXt that is no zlib stream": chunk(b"zTXt", b"Comment\0\0" + b"\xff" * 40),
    "zTXt that unpacks to far too much": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9)),
    "iTXt cut short": chunk(b"iTXt", b"Comment\0\1\0"),
    "iCCP that is no zlib stream": chunk(b"iCCP", b"profile\0\0" + b"\xff" * 40),
    "iCCP that unpacks to far too much": chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(80_000_000), 9)),
    "iCCP that is no profile": chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"no profile")),
    "eXIf of garbage": chunk(b"eXIf", b"\xff" * 30),
    "eXIf with an endless directory": chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff" + b"\1" * 100),
    "tEXt with a wrong checksum": chunk(b"tEXt", b"Comment\0hello", crc=1),
    "gAMA with a wrong checksum": chunk(b"gAMA", struct.pack(">I", 45455), crc=1),
    "a thousand zTXt chunks": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(900_000), 9)) * 1000,
    "pHYs too short": chunk(b"pHYs", b"\0"),
}


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("broken", BROKEN)
def test_broken_metadata_leave_the_picture_as_it_is(broken, place):
    samples, _, expected = made(RGB, 8, False)
    content = png(samples, 8, RGB, **{"ancillary" if place == "before" else "late": BROKEN[broken]})
    decoded = decode(content)
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert decoded.notes in ((), ("unreadable metadata passed over",), ("unusable colour profile passed over",))


@pytest.mark.parametrize("critical", ["IHDR", "PLTE"])
def test_a_wrong_checksum_of_the_picture_itself_is_an_error(critical):
    samples, chunks, _ = made(PALETTE, 8, False)
    content = bytearray(png(samples, 8, PALETTE, ancillary=chunks))
    start = content.index(critical.encode())
    length = int.from_bytes(content[start - 4 : start], "big")
    content[start + 4 + length] ^= 1
    with pytest.raises(ImageError):
        decode(bytes(content))


@pytest.mark.parametrize("name", [b"PLTF", b"P\nTE", b"XXXX"])
def test_a_picture_with_a_part_that_is_not_known_is_an_error(name):
    samples, _, _ = made(PALETTE, 8, False)
    part = chunk(name, bytes(768)) + chunk(b"zTXt", b"Comment\0\0" + b"\xff" * 40)
    with pytest.raises(ImageError):
        decode(png(samples, 8, PALETTE, ancillary=part))


def test_a_cut_picture_with_broken_metadata_is_an_error():
    samples, _, _ = made(RGB, 8, False)
    content = png(samples, 8, RGB, ancillary=BROKEN["zTXt that is no zlib stream"] + BROKEN["pHYs too short"])
    for end in (len(content) - 12, len(content) - 30, len(content) // 2):
        with pytest.raises(ImageError):
            decode(content[:end])
