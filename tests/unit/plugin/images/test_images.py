"""Every kind of file becomes the pixels that a viewer shows, or one typed error."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import ImageError, UsageError
from deepmse.plugin.images import FORMATS, MAX_PIXELS, NATIVE, RESIZE_256, Decoded, decode, image_policy, tensors
from deepmse.plugin.images.tensors import resize, to_tensor
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (40, 48, 3), dtype=np.uint8)
GREY = RGB[..., 0]
GREY16 = RNG.integers(0, 1 << 16, (40, 48), dtype=np.uint16)
#: What EXIF says to do with stored pixels, by the number of its tag: the standard's definitions.
ORIENTATIONS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x.swapaxes(0, 1)[:, ::-1],
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x.swapaxes(0, 1)[::-1],
}


def encoded(image: Image.Image | np.ndarray, kind: str, **options: object) -> bytes:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def oriented(tag: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = tag
    return exif


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, rows: np.ndarray | bytes = b"") -> bytes:
    """A PNG made by hand, for what Pillow does not write; samples big-endian, shape (H, W[, C])."""
    raw = rows if isinstance(rows, bytes) else b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return colour * share + 255 * (1 - share)


def assert_close(found: np.ndarray, expected: np.ndarray, levels: float) -> None:
    assert found.shape == expected.shape
    assert np.abs(found.astype(float) - expected).max() <= levels


def assert_grey(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(found, np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA"])
def test_lossless_formats_keep_every_pixel_and_need_no_notes(kind):
    decoded = decode(encoded(RGB, kind))
    np.testing.assert_array_equal(decoded.pixels, RGB)
    assert decoded.shape == (40, 48)
    assert decoded.notes == ()


@pytest.mark.parametrize("kind", ["WEBP", "JPEG2000"])
def test_formats_with_a_lossless_mode_keep_every_pixel_in_it(kind):
    options = {"lossless": True} if kind == "WEBP" else {"irreversible": False}
    np.testing.assert_array_equal(decode(encoded(RGB, kind, **options)).pixels, RGB)


@pytest.mark.parametrize("source", ["JPEG", "AVIF"])
def test_lossy_formats_come_close(source):
    if source not in FORMATS:
        pytest.skip(f"this Pillow reads no {source}")
    smooth = np.asarray(Image.fromarray(RGB[:4, :4]).resize((64, 64), Image.Resampling.BICUBIC))
    assert_close(decode(encoded(smooth, source, quality=100, subsampling="4:4:4")).pixels, smooth, 6)


@pytest.mark.parametrize("tag", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_orientation_is_applied(tag, kind):
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    stored = np.asarray(Image.fromarray(RGB[:3, :4]).resize((48, 40), Image.Resampling.NEAREST))
    decoded = decode(encoded(stored, kind, exif=oriented(tag), **options))
    assert_close(decoded.pixels, ORIENTATIONS[tag](stored), 3 if kind == "JPEG" else 0)
    assert decoded.shape == decoded.pixels.shape[:2]
    # Pillow itself turns TIFF files, as their own standard asks.
    assert decoded.notes == (() if tag == 1 or kind == "TIFF" else ("EXIF orientation applied",))


@pytest.mark.parametrize("tag", [0, 9, 255])
def test_an_orientation_outside_the_standard_is_left_alone(tag):
    decoded = decode(encoded(RGB, "PNG", exif=oriented(tag)))
    np.testing.assert_array_equal(decoded.pixels, RGB)
    assert decoded.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_grey_becomes_three_equal_channels(kind):
    assert_grey(decode(encoded(GREY, kind)).pixels, GREY)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_16_bit_grey_keeps_its_high_byte(kind):
    decoded = decode(encoded(GREY16, kind))
    assert_grey(decoded.pixels, (GREY16 >> 8).astype(np.uint8))
    assert decoded.notes == ("16-bit grey reduced to 8 bits",)


@pytest.mark.parametrize("tag", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_turned_too(tag, kind):
    decoded = decode(encoded(GREY16, kind, exif=oriented(tag)))
    assert_grey(decoded.pixels, ORIENTATIONS[tag]((GREY16 >> 8).astype(np.uint8)))


@pytest.mark.parametrize("order", "<>")
def test_16_bit_grey_tiff_in_either_byte_order(order):
    tifffile = pytest.importorskip("tifffile")
    buffer = BytesIO()
    tifffile.imwrite(buffer, GREY16, byteorder=order)
    assert_grey(decode(buffer.getvalue()).pixels, (GREY16 >> 8).astype(np.uint8))


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_16_bit_colour_and_alpha_keep_their_high_bytes(colour, channels):
    samples = RNG.integers(0, 1 << 16, (40, 48, channels), dtype=np.uint16)
    decoded = decode(png(48, 40, 16, colour, samples.astype(">u2")))
    high = (samples >> 8).astype(np.uint8)
    if channels == 3:
        np.testing.assert_array_equal(decoded.pixels, high)
    else:
        colours = high[..., :3] if channels == 4 else np.repeat(high[..., :1], 3, axis=2)
        assert_close(decoded.pixels, on_white(colours, high[..., -1]), 1)
    assert decoded.notes[0] == "16-bit colour reduced to 8 bits"


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_16_bit_colour_tiff_keeps_its_high_byte_and_says_so(compression):
    tifffile = pytest.importorskip("tifffile")
    samples = RNG.integers(0, 1 << 16, (40, 48, 3), dtype=np.uint16)
    buffer = BytesIO()
    tifffile.imwrite(buffer, samples, photometric="rgb", compression=compression)
    decoded = decode(buffer.getvalue())
    np.testing.assert_array_equal(decoded.pixels, (samples >> 8).astype(np.uint8))
    assert decoded.notes == ("16-bit colour reduced to 8 bits",)


def tiff_of_12_bits(samples: np.ndarray, tag: int = 1) -> bytes:
    """Uncompressed little-endian TIFF, two samples in three bytes."""
    height, width = samples.shape
    first, second = samples[:, ::2].astype(np.uint32), samples[:, 1::2].astype(np.uint32)
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1).astype(np.uint8).tobytes()
    tags = [(256, width), (257, height), (258, 12), (259, 1), (262, 1), (273, 8), (274, tag), (277, 1), (278, height)]
    tags.append((279, len(packed)))
    directory = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in tags)
    ifd = struct.pack("<H", len(tags)) + directory + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + ifd


@pytest.mark.parametrize("tag", ORIENTATIONS)
def test_12_bit_tiff_is_scaled_by_its_own_white(tag):
    samples = RNG.integers(0, 1 << 12, (40, 48), dtype=np.uint16)
    decoded = decode(tiff_of_12_bits(samples, tag))
    assert_grey(decoded.pixels, ORIENTATIONS[tag]((samples >> 4).astype(np.uint8)))
    assert decoded.notes == ("12-bit grey reduced to 8 bits",)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_one_bit_becomes_black_and_white(kind):
    bits = GREY > 127
    assert_grey(decode(encoded(bits, kind)).pixels, np.where(bits, 255, 0).astype(np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_palette_colours_are_looked_up(kind):
    palette = Image.fromarray(RGB).quantize(17)
    decoded = decode(encoded(palette, kind))
    np.testing.assert_array_equal(decoded.pixels, np.asarray(palette.convert("RGB")))
    assert decoded.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_entry_shows_the_white_behind_it(kind):
    palette = Image.fromarray(RGB).quantize(17)
    index = np.asarray(palette)
    decoded = decode(encoded(palette, kind, transparency=3))
    expected = np.where((index == 3)[..., None], 255, np.asarray(palette.convert("RGB")))
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert decoded.notes == ("alpha composited on white",)


def test_a_palette_with_an_alpha_for_each_entry_is_composited():
    palette = Image.fromarray(RGB).quantize(4)
    alphas = bytes([0, 90, 200, 255])
    decoded = decode(encoded(palette, "PNG", transparency=alphas))
    alpha = np.frombuffer(alphas, np.uint8)[np.asarray(palette)]
    assert_close(decoded.pixels, on_white(np.asarray(palette.convert("RGB")), alpha), 1)


@pytest.mark.parametrize("key", [7, (10, 20, 30)])
def test_a_transparent_colour_shows_the_white_behind_it(key):
    array = GREY.copy() if isinstance(key, int) else RGB.copy()
    array[5:9, 3:20] = key
    decoded = decode(encoded(array, "PNG", transparency=key))
    np.testing.assert_array_equal(decoded.pixels[5:9, 3:20], 255)
    assert decoded.notes == ("alpha composited on white",)


@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "TIFF"), ("RGBA", "WEBP")])
def test_alpha_is_composited_on_white(mode, kind):
    alpha = RNG.integers(0, 256, (40, 48), dtype=np.uint8)
    alpha[:3], alpha[3:6] = 0, 255
    colours = RGB if mode == "RGBA" else np.repeat(GREY[..., None], 3, axis=2)
    stored = np.dstack([colours[..., : len(mode) - 1], alpha])
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    decoded = decode(encoded(Image.fromarray(stored, mode), kind, **options))
    assert_close(decoded.pixels, on_white(colours, alpha), 1)
    np.testing.assert_array_equal(decoded.pixels[:3], 255)
    np.testing.assert_array_equal(decoded.pixels[3:6], colours[3:6])
    assert decoded.notes == ("alpha composited on white",)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_an_alpha_channel_that_hides_nothing_changes_nothing_and_is_not_noted(mode):
    opaque = Image.fromarray(RGB).convert(mode)
    decoded = decode(encoded(opaque, "PNG"))
    np.testing.assert_array_equal(decoded.pixels, np.asarray(opaque.convert("RGB")))
    assert decoded.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_and_noted(kind):
    inks = np.zeros((32, 128, 4), np.uint8)
    for index, ink in enumerate([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)]):
        inks[:, 32 * index : 32 * (index + 1)] = ink
    decoded = decode(encoded(Image.fromarray(inks, "CMYK"), kind, quality=100))
    colours = [decoded.pixels[16, column] for column in (16, 48, 80, 112)]
    assert_close(np.array(colours), np.array([[255] * 3, [0, 255, 255], [255, 0, 0], [0] * 3]), 3)
    assert decoded.notes == ("CMYK converted without a colour profile",)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_several_is_taken_and_said(kind):
    frames = [Image.fromarray(np.full((40, 48), level, np.uint8)) for level in (200, 100, 0)]
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert_grey(decoded.pixels, np.full((40, 48), 200, np.uint8))
    assert decoded.notes == ("first frame of several",)


def test_a_single_gif_frame_is_not_noted():
    assert decode(encoded(GREY, "GIF")).notes == ()


def test_paths_bytes_and_open_files_give_the_same(tmp_path):
    path = tmp_path / "ä b.png"
    path.write_bytes(encoded(RGB, "PNG"))
    with path.open("rb") as file:
        for source in (path, str(path), path.read_bytes(), file, BytesIO(path.read_bytes())):
            np.testing.assert_array_equal(decode(source).pixels, RGB)


def test_the_content_decides_and_not_the_name(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(RGB, "PNG"))
    np.testing.assert_array_equal(decode(path).pixels, RGB)


BROKEN = {
    "empty": (b"", "the file is empty"),
    "text": (b"not an image, but some text", "not an image that can be read"),
    "zero-sized": (png(0, 40, 8, 2), "."),
    "half a PNG": (encoded(RGB, "PNG")[:2000], "damaged or truncated"),
    "half a JPEG": (encoded(RGB, "JPEG")[:900], "damaged or truncated"),
    "half a BMP": (encoded(RGB, "BMP")[:2000], "damaged or truncated"),
    "half a WebP": (encoded(RGB, "WEBP")[:500], "."),
    "half a TIFF": (encoded(RGB, "TIFF")[:2000], "."),
    "half a GIF": (encoded(GREY, "GIF")[:1000], "damaged or truncated"),
    "float TIFF": (encoded(GREY.astype(np.float32) / 255, "TIFF"), "no defined white"),
    "32-bit TIFF": (encoded(GREY.astype(np.int32), "TIFF"), "no defined white"),
    "CIELAB TIFF": (encoded(Image.fromarray(RGB).convert("LAB"), "TIFF"), "CIELAB"),
    "a game's texture": (encoded(RGB, "DDS"), "not an image that can be read"),
    "a PostScript program": (encoded(RGB, "EPS"), "not an image that can be read"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_unusable_file_is_one_error_that_names_file_and_reason(broken, tmp_path):
    content, reason = BROKEN[broken]
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=reason) as caught:
        decode(path)
    assert caught.value.source == str(path)
    assert str(caught.value) == f"{path}: {caught.value.reason}"
    assert str(path) not in caught.value.reason


@pytest.mark.parametrize("broken", BROKEN)
def test_bytes_are_named_by_the_caller(broken):
    content, reason = BROKEN[broken]
    with pytest.raises(ImageError, match=f"^upload: .*{reason}"):
        decode(content, name="upload")
    with pytest.raises(ImageError, match=r"^image: "):
        decode(BytesIO(content))


def test_paths_without_a_file_are_errors_of_the_same_type(tmp_path):
    (tmp_path / "file").touch()
    for path, reason in (
        (tmp_path / "missing.png", "no such file"),
        (tmp_path, "is a folder, not an image"),
        (tmp_path / "file" / "below", "not readable"),
        (tmp_path / ("x" * 300), "not readable"),
        ("nul\0inside", "."),
    ):
        with pytest.raises(ImageError, match=reason):
            decode(path)


def test_the_limit_of_pixels_is_exact_and_checked_before_decoding():
    data = encoded(RGB, "PNG")
    assert decode(data, max_pixels=40 * 48).shape == (40, 48)
    with pytest.raises(ImageError, match="over the limit of 1,919 pixels: 48×40"):
        decode(data, max_pixels=40 * 48 - 1)
    with pytest.raises(ImageError, match="over the limit"):
        decode(data[:60], max_pixels=100)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 20_000, 60_000])
def test_the_default_limit_holds_for_files_of_any_size(side):
    with pytest.raises(ImageError, match="over the limit of 89,478,485 pixels"):
        decode(png(side, side, 1, 0))


@pytest.mark.filterwarnings("error")
def test_the_limit_can_be_raised_beyond_pillows_and_leaves_pillows_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError, match="damaged or truncated"):
        decode(png(14_000, 14_000, 1, 0), max_pixels=14_000**2)
    assert before == Image.MAX_IMAGE_PIXELS == MAX_PIXELS


SOURCES = {
    "PNG": encoded(RGB, "PNG", exif=oriented(6)),
    "PNG palette": encoded(Image.fromarray(RGB).quantize(9), "PNG", transparency=1),
    "PNG 16 bit": encoded(GREY16, "PNG"),
    "APNG": encoded(GREY, "PNG", save_all=True, append_images=[Image.fromarray(GREY[::-1])]),
    "JPEG": encoded(RGB, "JPEG", exif=oriented(6)),
    "JPEG CMYK": encoded(Image.fromarray(RGB).convert("CMYK"), "JPEG"),
    "BMP": encoded(RGB, "BMP"),
    "WebP": encoded(RGB, "WEBP", exif=oriented(6)),
    "GIF": encoded(GREY, "GIF", save_all=True, append_images=[Image.fromarray(GREY[::-1])]),
    "TIFF": encoded(RGB, "TIFF", exif=oriented(6)),
    "TIFF LZW": encoded(RGB, "TIFF", compression="tiff_lzw"),
    "TIFF JPEG": encoded(RGB, "TIFF", compression="jpeg"),
    "TIFF 16 bit": encoded(GREY16, "TIFF"),
    "JPEG 2000": encoded(RGB, "JPEG2000"),
    "PPM": encoded(RGB, "PPM"),
    "TGA": encoded(RGB, "TGA", compression="tga_rle"),
} | ({"AVIF": encoded(RGB, "AVIF")} if "AVIF" in FORMATS else {})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", SOURCES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_give_an_image_or_the_one_error(kind, data):
    content = bytearray(SOURCES[kind])
    del content[data.draw(st.one_of(st.none(), st.integers(0, len(content)))) :]
    # Most of what decoders branch on is at a file's start.
    places = st.one_of(st.integers(0, 200), st.integers(0, len(SOURCES[kind])))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=8)):
        if place < len(content):
            content[place] = value
    try:
        decoded = decode(bytes(content), max_pixels=1_000_000)
    except ImageError as error:
        assert error.reason
    else:
        height, width = decoded.shape
        assert decoded.pixels.shape == (height, width, 3)
        assert decoded.pixels.dtype == np.uint8


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 700), height=st.integers(1, 700), size=st.integers(1, 300), seed=st.integers(0, 99))
def test_on_the_cpu_resizing_is_pillows(width, height, size, seed):
    array = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(array).resize((size, size), Image.Resampling.BILINEAR))
    tensor = torch.from_numpy(array).permute(2, 0, 1)[None]
    found = resize(tensor.expand(2, -1, -1, -1), size)
    assert found.shape == (2, 3, size, size)
    for image in found:
        np.testing.assert_array_equal(image.permute(1, 2, 0), expected)


@settings(max_examples=30, deadline=None)
@given(width=st.integers(1, 700), height=st.integers(1, 700))
def test_a_decoded_image_is_resized_as_pillow_does(width, height):
    array = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    decoded = Decoded(Image.fromarray(array))
    expected = np.asarray(Image.fromarray(array).resize((256, 256), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(to_tensor(decoded, RESIZE_256).permute(1, 2, 0), expected)
    np.testing.assert_array_equal(to_tensor(decoded, NATIVE).permute(1, 2, 0), array)


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 700), height=st.integers(1, 700), size=st.integers(1, 300), seed=st.integers(0, 99))
@example(width=2, height=572, size=1, seed=0)
@example(width=572, height=2, size=1, seed=0)
@example(width=2, height=572, size=600, seed=0)
def test_the_arithmetic_for_other_devices_is_pillows_too(width, height, size, seed):
    array = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    tensor = torch.from_numpy(array).permute(2, 0, 1)[None].expand(2, -1, -1, -1)
    found = tensors._resize_by_matrices(tensor, size)
    assert found.dtype == torch.uint8
    assert torch.equal(found, resize(tensor, size))


def test_resizing_by_other_arithmetic_leaves_deepmse_as_it_is(ranked_pairs):
    for path in {path for pair in ranked_pairs[::8] for path in (pair.ref, pair.dist)}:
        stored = to_tensor(decode(path), NATIVE)[None]
        assert torch.equal(tensors._resize_by_matrices(stored, 256), resize(stored, 256))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_cuda_device_resizing_is_pillows():
    tensor = torch.from_numpy(RNG.integers(0, 256, (2, 3, 333, 500), dtype=np.uint8))
    assert torch.equal(resize(tensor.cuda(), 256).cpu(), resize(tensor, 256))


def test_policies_are_looked_up_by_name_and_describe_themselves():
    assert image_policy("native") is NATIVE
    assert image_policy("resize-256").describe()["resize"] == "256×256 bilinear, antialiased, 8 bit"
    assert NATIVE.describe()["background"] == [255, 255, 255]
    with pytest.raises(UsageError, match="resize-256, native"):
        image_policy("square")


def test_an_image_of_the_right_size_is_not_copied():
    tensor = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    assert tensors.resize(tensor, 64) is tensor
