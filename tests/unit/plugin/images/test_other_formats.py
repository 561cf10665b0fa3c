"""BMP, TGA, JPEG, HEIF and JPEG XL in their kinds, and what is no regular file."""

import os
import socket
import struct
from io import BytesIO

import cv2
import numpy as np
import pytest
from deepmse.plugin.errors import ImageError
from deepmse.plugin.images import decode, decoding, formats
from PIL import Image

from .test_images import assert_close, encoded, on_white

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (40, 47, 3), dtype=np.uint8)
SMOOTH = np.asarray(Image.fromarray(RGB[:4, :4]).resize((64, 48), Image.Resampling.BICUBIC))
ALPHA = RNG.integers(0, 256, (40, 47), dtype=np.uint8)


def bmp(
    bits: int, rows: np.ndarray, *, masks: tuple[int, ...] = (), palette: bytes = b"", top_down: bool = False
) -> bytes:
    """A BMP made by hand of rows (H, bytes a row), the top row first."""
    height, length = rows.shape
    stored = rows if top_down else rows[::-1]
    padded = np.pad(stored, ((0, 0), (0, -length % 4))).astype(np.uint8).tobytes()
    header_size = 108 if masks else 40
    offset = 14 + header_size + len(palette)
    header = struct.pack(
        "<IiiHHIIiiII",
        header_size,
        47,
        -height if top_down else height,
        1,
        bits,
        3 if masks else 0,
        len(padded),
        0,
        0,
        len(palette) // 4,
        0,
    )
    if masks:
        header += struct.pack("<4I", *masks, *[0] * (4 - len(masks))) + b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", offset + len(padded), 0, 0, offset) + header + palette + padded


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize("bits", [1, 4, 8])
def test_bmp_with_a_palette(bits, top_down):
    colours = RNG.integers(0, 256, (1 << bits, 3), dtype=np.uint8)
    index = RNG.integers(0, 1 << bits, (40, 47))
    unpacked = (index[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    rows = np.packbits(unpacked.reshape(40, -1).astype(np.uint8), axis=1)
    palette = b"".join(bytes([*colour[::-1], 0]) for colour in colours)
    decoded = decode(bmp(bits, rows, palette=palette, top_down=top_down))
    np.testing.assert_array_equal(decoded.pixels, colours[index])


@pytest.mark.parametrize("top_down", [True, False])
def test_bmp_of_24_and_32_bits(top_down):
    bgr = RGB[..., ::-1]
    np.testing.assert_array_equal(decode(bmp(24, bgr.reshape(40, -1), top_down=top_down)).pixels, RGB)
    # Without masks the fourth byte means nothing.
    unused = np.dstack([bgr, ALPHA]).reshape(40, -1)
    np.testing.assert_array_equal(decode(bmp(32, unused, top_down=top_down)).pixels, RGB)


def test_bmp_with_an_alpha_mask_is_composited():
    rows = np.dstack([RGB[..., ::-1], ALPHA]).reshape(40, -1)
    decoded = decode(bmp(32, rows, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000)))
    assert_close(decoded.pixels, on_white(RGB, ALPHA), 1)


@pytest.mark.parametrize(("masks", "bits"), [((0x7C00, 0x3E0, 0x1F), (5, 5, 5)), ((0xF800, 0x7E0, 0x1F), (5, 6, 5))])
def test_bmp_of_16_bits(masks, bits):
    levels = [RNG.integers(0, 1 << n, (40, 47)) for n in bits]
    shifts = np.cumsum([0, *bits[:0:-1]])[::-1]
    packed = sum(level << shift for level, shift in zip(levels, shifts, strict=True)).astype("<u2")
    decoded = decode(bmp(16, packed.view(np.uint8).reshape(40, -1), masks=masks))
    expected = np.stack([level * 255 / ((1 << n) - 1) for level, n in zip(levels, bits, strict=True)], -1)
    assert_close(decoded.pixels, expected, 1)


def tga(rows: np.ndarray, kind: int, bits: int, *, alpha_bits: int = 0, top_down: bool = True) -> bytes:
    stored = rows if top_down else rows[::-1]
    header = struct.pack("<BBB5xHHHHBB", 0, 0, kind, 0, 0, 47, 40, bits, alpha_bits | (0x20 if top_down else 0))
    return header + stored.astype(np.uint8).tobytes()


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize("alpha_bits", [0, 8])
def test_tga_of_32_bits_is_transparent_only_where_its_header_says_so(alpha_bits, top_down):
    rows = np.dstack([RGB[..., ::-1], ALPHA])
    decoded = decode(tga(rows, 2, 32, alpha_bits=alpha_bits, top_down=top_down))
    assert_close(decoded.pixels, on_white(RGB, ALPHA) if alpha_bits else RGB, 1 if alpha_bits else 0)
    assert decoded.notes == (("alpha composited on white",) if alpha_bits else ())


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize(("kind", "bits"), [(2, 24), (3, 8)])
def test_tga_without_alpha(kind, bits, top_down):
    rows = RGB[..., ::-1] if bits == 24 else RGB[..., 0]
    expected = RGB if bits == 24 else np.repeat(RGB[..., :1], 3, axis=2)
    np.testing.assert_array_equal(decode(tga(rows, kind, bits, top_down=top_down)).pixels, expected)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_jpeg_is_what_another_decoder_makes_of_it(options, subsampling):
    content = encoded(SMOOTH, "JPEG", quality=90, subsampling=subsampling, **options)
    expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert_close(decode(content).pixels, expected, 4)


def test_jpeg_inks_are_inverted_only_where_adobe_marks_them_so():
    inks = np.zeros((32, 64, 4), np.uint8)
    inks[:, :32] = (0, 0, 0, 0)
    inks[:, 32:] = (255, 0, 0, 0)
    content = encoded(Image.frombytes("CMYK", (64, 32), inks.tobytes()), "JPEG", quality=100)
    marker = content.index(b"\xff\xee")
    length = int.from_bytes(content[marker + 2 : marker + 4], "big")
    assert content[marker + 4 : marker + 9] == b"Adobe"
    unmarked = content[:marker] + content[marker + 2 + length :]
    assert_close(decode(content).pixels[:, [8, 56]], np.array([[[255] * 3, [0, 255, 255]]] * 32), 3)
    # The same bytes without the marker: what was no ink is all of it.
    assert_close(decode(unmarked).pixels[:, [8, 56]], np.array([[[0] * 3, [0] * 3]] * 32), 3)


def test_jpeg_with_garbage_for_exif_is_shown():
    content = encoded(SMOOTH, "JPEG", quality=90)
    garbage = b"\xff\xe1" + struct.pack(">H", 48) + b"Exif\0\0" + b"MM\0*\0\0\0\x08\xff\xff" + bytes(range(30))
    decoded = decode(content[:2] + garbage + content[2:])
    np.testing.assert_array_equal(decoded.pixels, decode(content).pixels)


@pytest.mark.parametrize(("kind", "module"), [("HEIF", "pillow_heif"), ("JXL", "pillow_jxl")])
def test_formats_of_phones_and_browsers_are_read_by_their_packages(kind, module, monkeypatch, tmp_path):
    package = pytest.importorskip(module)
    if kind == "HEIF":
        package.register_heif_opener()
    content = encoded(SMOOTH, kind, quality=95)
    path = tmp_path / "photo"
    path.write_bytes(content)
    assert np.abs(decode(path).pixels.astype(int) - SMOOTH).mean() < 5
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(ImageError, match=rf"photo: a {kind} file: pip install 'fiftyone-deepmse\[formats\]'"):
        decode(path)


def test_what_is_no_regular_file_is_named_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    kinds = {"pipe": "named pipe", "link": "named pipe", "socket": "socket", ".": "folder"}
    for name, kind in kinds.items():
        with pytest.raises(ImageError, match=f"is a {kind}, not an image"):
            decode(tmp_path / name)
    with pytest.raises(ImageError, match="is a device, not an image"):
        decode("/dev/zero")


def test_a_link_to_an_image_is_read(tmp_path):
    (tmp_path / "image.png").write_bytes(encoded(RGB, "PNG"))
    (tmp_path / "link").symlink_to("image.png")
    np.testing.assert_array_equal(decode(tmp_path / "link").pixels, RGB)


def test_every_format_is_decoded_from_any_binary_file():
    for kind in formats.FORMATS:
        buffer = BytesIO(encoded(SMOOTH, kind))
        assert decode(buffer).shape == (48, 64)
        assert decoding.decode(buffer.getvalue()).shape == (48, 64)
